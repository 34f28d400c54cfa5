//! A store of std collections that compares keys of whole vectors in linear scans.

use std::collections::{BTreeMap, BTreeSet};

use super::{D, id, row};
use crate::Precision;
use crate::identity::Identity;

#[derive(Clone, Debug, Default)]
pub struct Naive {
    pub ids: Vec<String>,
    pub index: BTreeMap<String, i64>,
    pub sharers: BTreeMap<i64, Vec<String>>,
    pub rows: BTreeMap<i64, [f32; D]>,
    pub allocated: i64,
    pub capacity: i64,
    /// Where changes are noted: the indices that are freed and not reusable.
    pub held: Option<BTreeSet<i64>>,
}

impl Naive {
    pub fn put(&mut self, id: &str, row: [f32; D], replace: bool) -> Option<i64> {
        let old = self.index.get(id).copied();
        if old.is_some() && !replace {
            return None;
        }
        let identity = Identity::new(Precision::Decimals(6));
        let same = |other: &[f32; D]| other.map(|x| identity.key(x)) == row.map(|x| identity.key(x));
        let index = self.rows.iter().find(|(_, other)| same(other)).map(|(&index, _)| index);
        if index.is_some() && index == old {
            return old;
        }
        let index = index.unwrap_or_else(|| self.take(row));
        match old {
            Some(old) => self.leave(id, old),
            None => self.ids.push(id.to_owned()),
        }
        self.index.insert(id.to_owned(), index);
        self.sharers.entry(index).or_default().push(id.to_owned());
        Some(index)
    }

    fn take(&mut self, row: [f32; D]) -> i64 {
        let index = (0..=self.allocated)
            .find(|index| !self.rows.contains_key(index) && !self.held.iter().flatten().any(|held| held == index))
            .unwrap();
        if index >= self.capacity {
            self.capacity = (index + 1).max(self.capacity + self.capacity / 2);
        }
        self.allocated = self.allocated.max(index + 1);
        self.rows.insert(index, row);
        index
    }

    fn leave(&mut self, id: &str, index: i64) {
        let sharers = self.sharers.get_mut(&index).unwrap();
        sharers.retain(|other| other != id);
        if sharers.is_empty() {
            self.sharers.remove(&index);
            self.rows.remove(&index);
            self.held.iter_mut().for_each(|held| _ = held.insert(index));
        }
    }

    pub fn remove(&mut self, id: &str) -> bool {
        let Some(index) = self.index.remove(id) else { return false };
        self.ids.retain(|other| other != id);
        self.leave(id, index);
        true
    }

    pub fn clear(&mut self) {
        self.ids.clone().iter().for_each(|id| _ = self.remove(id));
    }

    pub fn add_all(&mut self, pairs: &[(u8, u8)]) -> Option<Vec<i64>> {
        let mut after = self.clone();
        let indices = pairs.iter().map(|&(i, r)| after.put(&id(i), row(r), false)).collect::<Option<_>>();
        if indices.is_some() {
            *self = after;
        }
        indices
    }

    pub fn upsert_all(&mut self, pairs: &[(u8, u8)]) -> Vec<i64> {
        for (at, &(i, _)) in pairs.iter().enumerate() {
            if pairs[..at].iter().all(|&(earlier, _)| earlier != i) {
                let last = pairs.iter().rfind(|&&(later, _)| later == i).unwrap().1;
                self.put(&id(i), row(last), true);
            }
        }
        pairs.iter().map(|&(i, _)| self.index[&id(i)]).collect()
    }
}
