//! Batches: all or nothing. What upserts need is planned and reserved first, what adds have done is taken back if they fail.

use crate::ahead::{Ahead, with_pages_ahead};
use crate::contents::{Contents, check_count};
use crate::error::{Error, Result, room};
use crate::ids::{Id, Key};
use crate::references::References;
use crate::table::Table;
use crate::vectors::Vectors;

impl Contents {
    /// `rows` holds a row for each of `keys`. Others may be writing to them: each is read once, except to say why all were refused.
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::Full`] or [`Error::Memory`].
    pub fn add_batch(&mut self, keys: &[Key<'_>], rows: &[f32]) -> Result<Vec<i64>> {
        check_count(keys.len())?;
        let mut indices: Vec<i64> = room(keys.len())?;
        self.reserve_records(keys.len())?;
        let before = self.references.append_all(keys)?;
        if let Err(error) = self.place_all(rows, &mut indices) {
            self.references.take_back(before);
            return Err(if matches!(error, Error::Full { .. }) { self.overfull(rows, error)? } else { error });
        }
        let mut entry = self.references.added_after(before);
        for &index in &indices {
            self.attach(entry, index as u32);
            entry = self.references.added_after(entry);
        }
        Ok(indices)
    }

    /// The indices of rows, all of which are stored, or on an error none; a reference to each must come next.
    fn place_all(&mut self, rows: &[f32], indices: &mut Vec<i64>) -> Result<()> {
        let mark = self.vectors.mark();
        self.vectors.reserve_ahead(indices.capacity())?;
        let placed = with_pages_ahead(size_of_val(rows), |fetch| {
            let mut ahead = Ahead::new(&self.vectors, indices.capacity());
            rows.chunks_exact(self.vectors.dimension()).try_for_each(|row| {
                ahead.look(&self.vectors, fetch);
                self.place_once(row).map(|index| indices.push(i64::from(index)))
            })
        });
        placed.inspect_err(|_| self.vectors.take_back(mark, indices.iter().map(|&index| index as u32)))
    }

    /// The error that says how many vectors all of a batch would have made.
    #[cold]
    fn overfull(&self, rows: &[f32], first: Error) -> Result<Error> {
        let mut own = room(rows.len())?;
        own.extend_from_slice(rows);
        let dimension = self.vectors.dimension();
        let mut hashes = room(rows.len() / dimension)?;
        hashes.extend(own.chunks_exact(dimension).map(|row| self.vectors.hash(row)));
        hashes.iter().try_for_each(|&hash| self.vectors.check_like(hash))?;
        let fresh = unseen(&self.vectors, &hashes, |position| row_at(&own, dimension, position))?;
        Ok(self.vectors.check_limit(fresh).err().unwrap_or(first))
    }

    /// Every id in order of its first position, with the vector of its last one.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Memory`].
    pub fn upsert_batch(&mut self, keys: &[Key<'_>], rows: &[f32]) -> Result<Vec<i64>> {
        check_count(keys.len())?;
        let (items, item_of) = items(&self.references, keys)?;
        let dimension = self.vectors.dimension();
        let row_at = |item: &Item| row_at(rows, dimension, item.position);
        let mut hashes = room(items.len())?;
        hashes.extend(items.iter().map(|item| self.vectors.hash(row_at(item))));
        hashes.iter().try_for_each(|&hash| self.vectors.check_like(hash))?;
        let whos = whos(&self.references, keys, &items)?;
        let (mut ends, mut indices): (Vec<u32>, Vec<i64>) = (room(items.len())?, room(keys.len())?);
        self.references.reserve(whos.iter().filter(|who| matches!(who, Who::New(_))).count())?;
        self.reserve_records(items.len())?;
        self.reserve_moves(&whos, &hashes, |item| row_at(&items[item as usize]))?;
        with_pages_ahead(size_of_val(rows), |fetch| {
            let mut ahead = Ahead::new(&self.vectors, items.len());
            for ((item, who), row_hash) in items.iter().zip(whos).zip(hashes) {
                ahead.look(&self.vectors, fetch);
                ends.push(self.end(who, item.hash, row_at(item), row_hash));
            }
        });
        indices.extend(item_of.iter().map(|&item| i64::from(ends[item as usize])));
        Ok(indices)
    }

    /// Reserves for the items that may need a new index; only where so many would pass the limit are the distinct unseen vectors counted.
    fn reserve_moves<'r>(&mut self, whos: &[Who], hashes: &[u32], row_at: impl Fn(u32) -> &'r [f32]) -> Result<()> {
        let reuses_at_once = self.reuses_at_once();
        let Self { references, vectors, .. } = self;
        // An id keeps its reference until its turn, so one that has its vector already will find it there.
        let stays = |item: u32, who: &Who, hash: u32| match who {
            Who::Present(entry) => vectors.find(row_at(item), hash) == Some(references.slot(*entry)),
            Who::New(_) => false,
        };
        let moves = (0u32..).zip(whos).zip(hashes).filter(|&((item, who), &hash)| !stays(item, who, hash)).count();
        let within_limit = vectors.check_limit(moves).is_ok();
        let needed = if within_limit || !reuses_at_once { moves } else { unseen(vectors, hashes, row_at)? };
        vectors.reserve(needed)?;
        if reuses_at_once { self.reserve_reuse(whos, moves) } else { Ok(()) }
    }

    /// What an item frees, a later one may take: so the table needs room for more than the distinct vectors, and what may be freed must be
    /// writable.
    fn reserve_reuse(&mut self, whos: &[Who], moves: usize) -> Result<()> {
        let Self { references, vectors, .. } = self;
        vectors.reserve_table(moves)?;
        vectors.own_lowest(moves)?;
        vectors.own(whos.iter().filter_map(|who| if let Who::Present(entry) = who { Some(references.slot(*entry)) } else { None }))
    }

    fn end(&mut self, who: Who, hash: u32, row: &[f32], row_hash: u32) -> u32 {
        match who {
            Who::Present(entry) => self.redirect(entry, row, row_hash),
            Who::New(id) => {
                let index = self.place(row, row_hash);
                self.bind(id, hash, index);
                index
            }
        }
    }
}

fn row_at(rows: &[f32], dimension: usize, position: u32) -> &[f32] {
    &rows[position as usize * dimension..][..dimension]
}

/// How many distinct rows are not in the store.
fn unseen<'r>(vectors: &Vectors, hashes: &[u32], row_at: impl Fn(u32) -> &'r [f32]) -> Result<usize> {
    let mut seen = Table::default();
    seen.reserve(hashes.len(), std::iter::empty)?;
    for (position, &hash) in (0u32..).zip(hashes) {
        let row = row_at(position);
        let known = || seen.find(hash, |earlier| hashes[earlier as usize] == hash && vectors.identical(row_at(earlier), row));
        if vectors.find(row, hash).or_else(known).is_none() {
            seen.insert(hash, position);
        }
    }
    Ok(seen.len())
}

/// A distinct id of a batch of upserts.
struct Item {
    hash: u32,
    /// The last position of the id: the vector that counts.
    position: u32,
}

/// Whom an upsert concerns.
enum Who {
    Present(u32),
    New(Id),
}

/// The distinct ids in order of their first positions, and for every position the number of its item.
fn items(references: &References, keys: &[Key<'_>]) -> Result<(Vec<Item>, Vec<u32>)> {
    let (mut items, mut item_of): (Vec<Item>, Vec<u32>) = (room(keys.len())?, room(keys.len())?);
    let mut seen = Table::default();
    seen.reserve(keys.len(), std::iter::empty)?;
    for (position, &key) in (0u32..).zip(keys) {
        let hash = references.hash(key);
        if let Some(item) = seen.find(hash, |item| keys[items[item as usize].position as usize] == key) {
            items[item as usize].position = position;
            item_of.push(item);
        } else {
            let item = items.len() as u32;
            items.push(Item { hash, position });
            item_of.push(item);
            seen.insert(hash, item);
        }
    }
    Ok((items, item_of))
}

fn whos(references: &References, keys: &[Key<'_>], items: &[Item]) -> Result<Vec<Who>> {
    let mut whos = room(items.len())?;
    for item in items {
        let key = keys[item.position as usize];
        whos.push(match references.find(key, item.hash) {
            Some(entry) => Who::Present(entry),
            None => Who::New(key.to_id()?),
        });
    }
    Ok(whos)
}
