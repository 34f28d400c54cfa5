//! Batches: plan everything, reserve, then apply without a way to fail.

use hashbrown::HashTable;

use crate::contents::{Contents, check_count};
use crate::error::{Error, Result, room};
use crate::ids::{Id, Key};
use crate::references::References;
use crate::vectors::Vectors;

/// Where a row of a batch will be found.
#[derive(Clone, Copy)]
enum Target {
    /// At an index of the store.
    Stored(u32),
    /// At a new index.
    New,
    /// Where this earlier row of the batch is.
    Like(u32),
}

impl Contents {
    /// `rows` holds a row for each of `keys`.
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::Full`] or [`Error::Memory`].
    pub fn add_batch(&mut self, keys: &[Key<'_>], rows: &[f32]) -> Result<Vec<i64>> {
        check_count(keys.len())?;
        let id_hashes = new_ids(&self.references, keys)?;
        let row_hashes = hashes(&self.vectors, rows, keys.len())?;
        let dimension = self.vectors.dimension();
        let (targets, fresh) = targets(&self.vectors, &row_hashes, |position| row_at(rows, dimension, position))?;
        let ids = own_ids(keys)?;
        let mut indices: Vec<i64> = room(keys.len())?;
        self.references.reserve(keys.len())?;
        self.reserve_records(keys.len())?;
        self.vectors.reserve(fresh)?;
        let rows = rows.chunks_exact(dimension);
        for (((id, id_hash), target), (row, row_hash)) in ids.into_iter().zip(id_hashes).zip(targets).zip(rows.zip(row_hashes)) {
            let index = match target {
                Target::Stored(index) => index,
                Target::New => self.vectors.take(row, row_hash),
                Target::Like(position) => indices[position as usize] as u32,
            };
            self.bind(id, id_hash, index);
            indices.push(i64::from(index));
        }
        Ok(indices)
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
        let whos = whos(&self.references, keys, &items)?;
        let (mut ends, mut indices): (Vec<u32>, Vec<i64>) = (room(items.len())?, room(keys.len())?);
        self.references.reserve(whos.iter().filter(|who| matches!(who, Who::New(_))).count())?;
        self.reserve_records(items.len())?;
        self.reserve_moves(&whos, &hashes, |item| row_at(&items[item as usize]))?;
        for ((item, who), row_hash) in items.iter().zip(whos).zip(hashes) {
            ends.push(self.end(who, item.hash, row_at(item), row_hash));
        }
        indices.extend(item_of.iter().map(|&item| i64::from(ends[item as usize])));
        Ok(indices)
    }

    /// Reserves for the items that may need a new index; only where so many would pass the limit are the distinct unseen vectors counted.
    fn reserve_moves<'r>(&mut self, whos: &[Who], hashes: &[u64], row_at: impl Fn(u32) -> &'r [f32]) -> Result<()> {
        let reuses_at_once = self.reuses_at_once();
        let Self { references, vectors, .. } = self;
        // An id keeps its reference until its turn, so one that has its vector already will find it there.
        let stays = |item: u32, who: &Who, hash: u64| match who {
            Who::Present(entry) => vectors.find(row_at(item), hash) == Some(references.slot(*entry)),
            Who::New(_) => false,
        };
        let moves = (0u32..).zip(whos).zip(hashes).filter(|&((item, who), &hash)| !stays(item, who, hash)).count();
        let within_limit = vectors.check_limit(moves).is_ok();
        let needed = if within_limit || !reuses_at_once { moves } else { targets(vectors, hashes, row_at)?.1 };
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

    fn end(&mut self, who: Who, hash: u64, row: &[f32], row_hash: u64) -> u32 {
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

fn own_ids(keys: &[Key<'_>]) -> Result<Vec<Id>> {
    let mut ids = room(keys.len())?;
    for key in keys {
        ids.push(key.to_id()?);
    }
    Ok(ids)
}

/// The hashes of ids that are new and distinct.
fn new_ids(references: &References, keys: &[Key<'_>]) -> Result<Vec<u64>> {
    let mut hashes: Vec<u64> = room(keys.len())?;
    let mut seen = HashTable::new();
    seen.try_reserve(keys.len(), |_| 0)?;
    for (position, &key) in keys.iter().enumerate() {
        let hash = references.hash(key);
        if references.find(key, hash).is_some() {
            return Err(Error::Duplicate { position, repeated: false });
        }
        if seen.find(hash, |&earlier: &u32| keys[earlier as usize] == key).is_some() {
            return Err(Error::Duplicate { position, repeated: true });
        }
        hashes.push(hash);
        seen.insert_unique(hash, position as u32, |&earlier| hashes[earlier as usize]);
    }
    Ok(hashes)
}

fn hashes(vectors: &Vectors, rows: &[f32], count: usize) -> Result<Vec<u64>> {
    let mut hashes = room(count)?;
    hashes.extend(rows.chunks_exact(vectors.dimension()).map(|row| vectors.hash(row)));
    Ok(hashes)
}

fn row_at(rows: &[f32], dimension: usize, position: u32) -> &[f32] {
    &rows[position as usize * dimension..][..dimension]
}

/// Every row's target, and how many rows need a new index.
fn targets<'r>(vectors: &Vectors, hashes: &[u64], row_at: impl Fn(u32) -> &'r [f32]) -> Result<(Vec<Target>, usize)> {
    let mut targets = room(hashes.len())?;
    let mut seen = HashTable::new();
    seen.try_reserve(hashes.len(), |_| 0)?;
    for (position, &hash) in (0u32..).zip(hashes) {
        let row = row_at(position);
        let same = |&earlier: &u32| hashes[earlier as usize] == hash && vectors.identical(row_at(earlier), row);
        targets.push(if let Some(index) = vectors.find(row, hash) {
            Target::Stored(index)
        } else if let Some(&earlier) = seen.find(hash, same) {
            Target::Like(earlier)
        } else {
            seen.insert_unique(hash, position, |&earlier| hashes[earlier as usize]);
            Target::New
        });
    }
    Ok((targets, seen.len()))
}

/// A distinct id of a batch of upserts.
struct Item {
    hash: u64,
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
    let mut seen = HashTable::new();
    seen.try_reserve(keys.len(), |_| 0)?;
    for (position, &key) in (0u32..).zip(keys) {
        let hash = references.hash(key);
        let same = |&item: &u32| keys[items[item as usize].position as usize] == key;
        if let Some(&item) = seen.find(hash, same) {
            items[item as usize].position = position;
            item_of.push(item);
        } else {
            let item = items.len() as u32;
            items.push(Item { hash, position });
            item_of.push(item);
            seen.insert_unique(hash, item, |&item| items[item as usize].hash);
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
