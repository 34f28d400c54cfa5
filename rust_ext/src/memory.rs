//! Memory that counts its holders. What [`std::sync::Arc`] does, but an `Arc` aborts the process where its memory cannot be had.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use crate::error::{Error, Result};

/// Items start on a cache line, so that loads of dimensions divisible by 16 never cross one.
pub const CACHE_LINE: usize = 64;
/// Where there are at least as many bytes, they start on a multiple of this.
const HUGE_PAGE: usize = 1 << 21;

/// Has what is at an address brought into the cache; nothing need be there.
#[inline]
pub fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, for any address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Items of four bytes, and what goes along with them.
pub struct Memory<T = ()>(NonNull<Header<T>>);

struct Header<T> {
    holders: AtomicUsize,
    layout: Layout,
    /// Of the items, which come after it.
    align: usize,
    beside: T,
}

// SAFETY: counting holders is all that it does by itself.
unsafe impl<T: Send + Sync> Send for Memory<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Memory<T> {}

impl<T: Default> Memory<T> {
    /// So many zeros. In memory that is new to the process they take none until they are written to.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn zeros(items: usize) -> Result<Self> {
        // SAFETY: the layout of a header and more is not empty.
        Self::of(items, |layout| unsafe { alloc_zeroed(layout) })
    }

    /// Room for so many items, of which none may be read before it was written: nothing clears memory that was used before.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn unwritten(items: usize) -> Result<Self> {
        // SAFETY: as above.
        Self::of(items, |layout| unsafe { alloc(layout) })
    }

    fn of(items: usize, allocate: impl FnOnce(Layout) -> *mut u8) -> Result<Self> {
        let bytes = items.checked_mul(size_of::<f32>()).ok_or(Error::Memory)?;
        let align = if bytes < HUGE_PAGE { CACHE_LINE } else { HUGE_PAGE };
        let bytes = bytes.checked_add(size_of::<Header<T>>() + align);
        // No larger alignment is asked for, since with one the allocator writes the zeros itself.
        let layout = bytes.and_then(|bytes| Layout::from_size_align(bytes, align_of::<Header<T>>()).ok()).ok_or(Error::Memory)?;
        let memory = NonNull::new(allocate(layout)).ok_or(Error::Memory)?.cast::<Header<T>>();
        // SAFETY: new memory with the room and alignment of a header.
        unsafe { memory.write(Header { holders: AtomicUsize::new(1), layout, align, beside: T::default() }) };
        Ok(Self(memory))
    }
}

impl<T> Memory<T> {
    #[must_use]
    pub fn items(&self) -> NonNull<f32> {
        let align = self.header().align;
        // SAFETY: behind the header there is room for the alignment and the items.
        let behind = unsafe { self.0.add(1).cast::<u8>() };
        // SAFETY: as above; the offset is below the alignment.
        unsafe { behind.add(behind.align_offset(align).min(align)).cast() }
    }

    #[inline]
    #[must_use]
    pub fn beside(&self) -> &T {
        &self.header().beside
    }

    #[must_use]
    pub fn is_unique(&self) -> bool {
        // Acquire: what the last other holder read happens before what this one writes.
        self.header().holders.load(Ordering::Acquire) == 1
    }

    /// Asks for huge pages under some items, from the page in which they begin to the last one that they fill.
    pub fn advise(&self, items: Range<usize>) {
        let page = |item: usize| item * size_of::<f32>() / HUGE_PAGE * HUGE_PAGE;
        let (start, end) = (page(items.start), page(items.end));
        if start < end {
            // SAFETY: inside the memory.
            advise_huge(unsafe { self.items().byte_add(start) }, end - start);
        }
    }

    fn header(&self) -> &Header<T> {
        // SAFETY: the memory lives as long as one of its holders, and only the count in it ever changes.
        unsafe { self.0.as_ref() }
    }
}

/// Not with `REFVEC_HUGE_PAGES=0` in the environment, as it was when first asked for.
#[cfg(target_os = "linux")]
fn advise_huge(memory: NonNull<f32>, bytes: usize) {
    use std::sync::LazyLock;
    static REFUSED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("REFVEC_HUGE_PAGES").is_some_and(|wanted| wanted == "0"));
    if !*REFUSED {
        // SAFETY: memory of our own. What is asked for changes no content, and a kernel that has none may refuse.
        unsafe { libc::madvise(memory.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_: NonNull<f32>, _: usize) {}

/// Has the kernel find pages for all of these addresses at once, whose content stays; one that does not know how leaves it at that.
#[cfg(target_os = "linux")]
pub fn populate(addresses: Range<usize>) {
    const PAGE: usize = 4096;
    let (start, end) = (addresses.start.next_multiple_of(PAGE), addresses.end / PAGE * PAGE);
    if start < end {
        // SAFETY: no content is changed, whoever has the memory, and addresses without any are refused.
        unsafe { libc::madvise(std::ptr::without_provenance_mut(start), end - start, libc::MADV_POPULATE_WRITE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub fn populate(_: Range<usize>) {}

impl<T> fmt::Debug for Memory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl<T> Clone for Memory<T> {
    fn clone(&self) -> Self {
        self.header().holders.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        if self.header().holders.fetch_sub(1, Ordering::Release) > 1 {
            return;
        }
        fence(Ordering::Acquire);
        let layout = self.header().layout;
        // SAFETY: nobody else holds it, and nobody will read the header again.
        unsafe { self.0.drop_in_place() };
        // SAFETY: allocated with this layout, and nobody else holds it.
        unsafe { dealloc(self.0.as_ptr().cast(), layout) };
    }
}
