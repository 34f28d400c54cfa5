//! The file that a durable store keeps its rows in, and pieces of it as memory.
//!
//! A piece is private: writing to it leaves the file alone, and takes memory for the pages that are written to. So a row is changed in
//! its place as in any other memory, and the file gets it at the next flush, from whoever flushes. Pages that nobody has written to
//! show the file as it is. A row there is written only while no index that anyone may read leads to it, which the store sees to.

use std::any::Any;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use memmap2::{MmapOptions, MmapRaw};

use crate::error::{Error, Result};

#[cfg(target_endian = "big")]
compile_error!("the file of the rows is little-endian, and is read as it is");

/// A file of rows, at one moment: it may grow later.
#[derive(Debug)]
pub struct RowFile<'a> {
    file: &'a File,
    /// Where the first row begins.
    offset: u64,
    /// How many rows may be read.
    rows: usize,
    source: Source,
}

/// Which file it is, and whose.
#[derive(Clone, Debug)]
pub struct Source {
    /// What tells it from other files.
    identity: (u64, u64),
    /// What [`Error::Damaged`] says of it.
    pub(crate) number: u64,
    /// Kept as long as a row may be read from the file, or an error name it.
    #[cfg_attr(not(test), expect(dead_code, reason = "held for its `Drop` alone"))]
    pub(crate) owner: Owner,
}

impl Source {
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl<'a> RowFile<'a> {
    /// `offset` is where the row of index 0 begins, a multiple of 4, and `rows` are there from then on: such a file never gets shorter.
    /// Its owner is kept as long as somebody may read it, and [`Error::Damaged`] names his number.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn new(file: &'a File, offset: u64, rows: usize, owner: (u64, Owner)) -> Result<Self> {
        debug_assert!(offset.is_multiple_of(4));
        let (identity, (number, owner)) = (identity(file).map_err(|error| system(&error))?, owner);
        Ok(Self { file, offset, rows, source: Source { identity, number, owner } })
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// # Errors
    /// [`Error::Memory`] or [`Error::System`].
    pub(crate) fn map(&self, start: usize, rows: usize, dimension: usize) -> Result<Piece> {
        assert!(start + rows <= self.rows);
        let row = dimension * size_of::<f32>();
        let offset = self.offset + (start * row) as u64;
        // SAFETY: only a store reads it, by the rule at the top.
        let map = unsafe { MmapOptions::new().offset(offset).len(rows * row).no_reserve_swap().map_copy(self.file) };
        Ok(Piece { map: map.map_err(|error| system(&error))?.into(), source: self.source.clone() })
    }
}

pub type Owner = Arc<dyn Any + Send + Sync>;
type Numbered = (u64, Weak<dyn Any + Send + Sync>);

/// The last number, and who has one.
static OWNERS: Mutex<(u64, Vec<Numbered>)> = Mutex::new((0, Vec::new()));

/// An owner with a number of its own, for [`RowFile::new`]. A fork must not come upon this, nor upon [`owner`], in another thread.
pub fn numbered(owner: Owner) -> (u64, Owner) {
    let mut owners = OWNERS.lock().unwrap_or_else(PoisonError::into_inner);
    let (last, all) = &mut *owners;
    *last += 1;
    all.retain(|(_, owner)| owner.strong_count() > 0);
    all.push((*last, Arc::downgrade(&owner)));
    (*last, owner)
}

/// Who has the number that [`Error::Damaged`] names, if nobody has let go of it since.
pub fn owner(number: u64) -> Option<Owner> {
    let owners = OWNERS.lock().unwrap_or_else(PoisonError::into_inner);
    owners.1.iter().find(|(other, _)| *other == number)?.1.upgrade()
}

/// Some rows of a file.
#[derive(Debug)]
pub struct Piece {
    map: MmapRaw,
    source: Source,
}

impl Piece {
    #[must_use]
    pub fn items(&self) -> *mut f32 {
        self.map.as_mut_ptr().cast()
    }

    #[must_use]
    pub fn is_of(&self, file: &RowFile<'_>) -> bool {
        self.source.is_same(&file.source)
    }
}

/// The file of a handle, which stays its owner's.
///
/// # Errors
/// [`Error::System`].
#[cfg(unix)]
pub fn opened(handle: i32) -> Result<File> {
    use std::os::fd::BorrowedFd;
    // SAFETY: open for the time of the call.
    unsafe { BorrowedFd::borrow_raw(handle) }.try_clone_to_owned().map(File::from).map_err(|error| system(&error))
}

/// Stores are durable on POSIX systems only.
///
/// # Errors
/// [`Error::System`].
#[cfg(not(unix))]
pub fn opened(_: i32) -> Result<File> {
    Err(system(&io::ErrorKind::Unsupported.into()))
}

#[cfg(unix)]
fn identity(file: &File) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|found| (found.dev(), found.ino()))
}

/// Stores are durable on POSIX systems only.
#[cfg(not(unix))]
fn identity(_: &File) -> io::Result<(u64, u64)> {
    Err(io::ErrorKind::Unsupported.into())
}

fn system(error: &io::Error) -> Error {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::OutOfMemory, _) | (_, None) => Error::Memory,
        (_, Some(number)) => Error::System(number),
    }
}
