//! A durable store's files, as core keeps them: a snapshot, logs, and the file of the rows.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::texts;
use crate::{Changes, Error, Event, Key, Log, Packed, Result, RowFile, Settings, Size, Store, Stored};

/// Not the start of a page.
pub const OFFSET: u64 = 4;

pub struct Disk {
    file: File,
    size: Size,
    parts: Vec<Part>,
}

/// A snapshot, or a log.
#[derive(Clone, Default)]
struct Part {
    ids: Vec<String>,
    /// Their indices or codes.
    numbers: Vec<i64>,
    /// The order of slots, or the indices that were written.
    indices: Vec<i64>,
    sums: Vec<u32>,
    fingerprints: Vec<u32>,
}

/// The ids of a part as they lie in a file.
#[derive(Default)]
struct Bytes {
    uuids: Option<Vec<[u8; 16]>>,
    lengths: Vec<i64>,
    text: String,
}

pub fn temporary() -> File {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("refvec-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

pub fn bytes(row: &[f32]) -> Vec<u8> {
    row.iter().flat_map(|x| x.to_le_bytes()).collect()
}

impl Disk {
    /// An empty store.
    pub fn new(size: Size) -> Self {
        Self { file: temporary(), size, parts: vec![Part::default()] }
    }

    /// A snapshot of a store, in whose file freed rows hold anything.
    pub fn of(store: &Store) -> Self {
        let (snapshot, size) = (store.snapshot().unwrap(), store.size());
        let mut disk = Self::new(size);
        disk.write(size.allocated, &vec![f32::NAN; size.dimension.unwrap_or(0)]);
        let layout = &snapshot.layout;
        let part =
            Part { ids: texts(&layout.ids), numbers: layout.id_indices.clone(), indices: layout.slot_order.clone(), ..Part::default() };
        disk.parts = vec![part];
        for (position, &index) in snapshot.rows.indices().iter().enumerate() {
            let row = snapshot.rows.row(position).unwrap();
            disk.write(index as usize, row);
            disk.parts[0].sums.push(crc32fast::hash(&bytes(row)));
            disk.parts[0].fingerprints.push(store.contents().unwrap().vectors.slots[index as usize].hash);
        }
        disk
    }

    pub fn write(&self, index: usize, row: &[f32]) {
        self.file.write_all_at(&bytes(row), OFFSET + (index * row.len() * 4) as u64).unwrap();
    }

    pub fn content(&self) -> Vec<u8> {
        let mut content = vec![0; usize::try_from(self.file.metadata().unwrap().len()).unwrap()];
        self.file.read_exact_at(&mut content, 0).unwrap();
        content
    }

    /// What core does with the changes.
    pub fn flush(&mut self, changes: &Changes) {
        let mut log = Part { fingerprints: changes.fingerprints.clone(), ..Part::default() };
        for event in &changes.events {
            let (id, code) = match event {
                Event::Put { id, index } => (id.with_text(str::to_owned), i64::from(*index) + 2),
                Event::Drop { id } => (id.with_text(str::to_owned), 1),
                Event::Clear => ("00000000-0000-0000-0000-000000000000".to_owned(), 0),
            };
            log.ids.push(id);
            log.numbers.push(code);
        }
        for (position, &index) in changes.rows.indices().iter().enumerate() {
            let row = changes.rows.row(position).unwrap();
            self.write(index as usize, row);
            log.indices.push(index.into());
            log.sums.push(crc32fast::hash(&bytes(row)));
        }
        self.size = changes.size;
        self.parts.push(log);
    }

    /// Of a store of the given dimension.
    pub fn file(&self, dimension: usize) -> RowFile<'_> {
        let rows = (self.content().len().saturating_sub(4)) / (4 * dimension);
        RowFile::new(&self.file, OFFSET, rows, (7, Arc::new(()))).unwrap()
    }

    pub fn open(&self, settings: Settings, held: bool) -> Store {
        self.opened(settings, held, |_| ()).unwrap()
    }

    /// Opens what `change` makes of it.
    pub fn opened(&self, settings: Settings, held: bool, change: impl FnOnce(&mut Stored<'_>)) -> Result<Store> {
        let packed: Vec<_> = self.parts.iter().map(|part| Bytes::new(&part.ids)).collect();
        let logs: Vec<_> = self.parts[1..].iter().zip(&packed[1..]).map(|(part, bytes)| log(part, bytes)).collect();
        let Log { ids, codes, sums, fingerprints, .. } = log(&self.parts[0], &packed[0]);
        let mut stored =
            Stored { size: self.size, ids, indices: codes, slot_order: &self.parts[0].indices, sums, fingerprints, logs: &logs, held };
        change(&mut stored);
        let file = self.size.dimension.filter(|_| self.content().len() > 4).map(|dimension| self.file(dimension));
        Store::open(settings, &stored, file.as_ref())
    }
}

impl Bytes {
    fn new(ids: &[String]) -> Self {
        let uuid = |id: &String| if let Key::Uuid(bits) = Key::parse(id) { Some(bits.0) } else { None };
        let lengths = ids.iter().map(|id| id.len().cast_signed() as i64).collect();
        Self { uuids: ids.iter().map(uuid).collect(), lengths, text: ids.concat() }
    }

    fn packed(&self) -> Packed<'_> {
        match &self.uuids {
            Some(uuids) => Packed::Uuids(uuids),
            None => Packed::Texts { lengths: &self.lengths, text: &self.text },
        }
    }
}

fn log<'a>(part: &'a Part, bytes: &'a Bytes) -> Log<'a> {
    let (codes, written) = (part.numbers.as_slice().into(), part.indices.as_slice().into());
    Log { ids: bytes.packed(), codes, written, sums: &part.sums, fingerprints: &part.fingerprints }
}

/// The words of a refusal.
pub fn refusal(opened: Result<Store>) -> &'static str {
    match opened {
        Err(Error::State(what)) => what,
        opened => panic!("{opened:?}"),
    }
}
