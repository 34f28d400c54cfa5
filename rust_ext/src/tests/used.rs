//! All memory of the tests seems to have been used before, so that whoever reads what nobody wrote is found out.

use std::alloc::{GlobalAlloc, Layout, System};

struct Used;

#[cfg(not(miri))] // which finds it out itself
#[global_allocator]
static USED: Used = Used;

// SAFETY: memory is the system's; contents are nobody's until he has written them.
unsafe impl GlobalAlloc for Used {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            // SAFETY: new memory of that size.
            unsafe { memory.write_bytes(0xA5, layout.size()) };
        }
        memory
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(memory, layout) }
    }
}
