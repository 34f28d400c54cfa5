use std::sync::Arc;

use super::*;

const DIMENSIONS: [usize; 4] = [1, 3, 384, 65_536];

fn filled(dimension: usize, count: usize) -> Rows {
    let mut rows = Rows::new(dimension);
    rows.reserve(count).unwrap();
    (0..count as u32).for_each(|index| rows.set(index, &vec![index as f32; dimension]));
    rows
}

#[test]
fn rows_never_move_and_segments_come_and_go() {
    for dimension in DIMENSIONS {
        let mut rows = filled(dimension, 1);
        let per_segment = 1usize << rows.view.shift;
        let first = rows.view.get(0).as_ptr();
        rows.reserve(2 * per_segment).unwrap();
        let count = rows.view.segments.len();
        assert_eq!(count, rows.view.doubling() + 3);
        for index in 1..=u32::try_from(per_segment).unwrap() {
            rows.set(index, &vec![index as f32; dimension]);
        }
        rows.trim();
        assert_eq!(rows.view.segments.len(), count - 1);
        assert_eq!(first, rows.view.get(0).as_ptr());
        assert_eq!(rows.view.get(0), vec![0.0; dimension]);
        rows.set(0, &vec![7.0; dimension]);
        assert_eq!(rows.view.get(0), vec![7.0; dimension]);
        rows.clear();
        assert_eq!((rows.len(), rows.view.segments.len()), (0, 0));
    }
}

#[test]
fn skipped_rows_can_be_read_in_any_memory() {
    for dimension in DIMENSIONS {
        let per_segment = 1usize << View::new(dimension).shift;
        for reserve in [Rows::reserve, Rows::reserve_sparse] {
            let mut rows = filled(dimension, 2);
            reserve(&mut rows, per_segment).unwrap();
            let last = 1 + per_segment;
            (2..=last).for_each(|_| rows.skip());
            assert!([2, per_segment - 1, last].into_iter().all(|index| rows.view.get(index as u32).iter().all(|&item| item == 0.0)));
            assert_eq!(rows.view.get(1), vec![1.0; dimension]);
        }
    }
}

#[test]
#[should_panic(expected = "no row was staged at 2")]
fn what_was_not_staged_is_not_read() {
    let mut rows = filled(1, 2);
    rows.reserve(1).unwrap();
    let _ = rows.staged(2);
}

#[test]
#[should_panic(expected = "no row was staged at 2")]
fn what_was_not_staged_is_not_kept() {
    let mut rows = filled(1, 2);
    rows.reserve(1).unwrap();
    rows.keep(2);
}

#[test]
fn segments_begin_small_double_and_then_are_of_one_size() {
    for dimension in DIMENSIONS {
        let view = View::new(dimension);
        let bytes = |segment| view.rows_in(segment) * dimension * size_of::<f32>();
        assert!(bytes(0) <= FIRST_BYTES.max(4 * dimension));
        let mut next = 0;
        for segment in 0..view.doubling() + 3 {
            assert!(bytes(segment) <= SEGMENT_BYTES);
            assert!(segment == 0 || view.rows_in(segment) == next.min(1 << view.shift));
            for row in [0, view.rows_in(segment) - 1] {
                assert_eq!(view.number(next + row), (segment, row));
            }
            next += view.rows_in(segment);
            assert_eq!(view.segments_for(next), segment + 1);
        }
    }
}

#[test]
fn a_sharer_sees_neither_overwritten_nor_appended_rows() {
    for dimension in DIMENSIONS {
        let mut rows = filled(dimension, 2);
        let shared = rows.share().unwrap();
        let given_out = shared.get(1);
        rows.reserve(1).unwrap();
        rows.set(2, &vec![2.0; dimension]);
        assert!(rows.may_be_shared());
        rows.own(1).unwrap();
        rows.set(1, &vec![9.0; dimension]);
        assert_eq!((given_out, shared.len), (&vec![1.0; dimension][..], 2));
        assert_eq!(rows.view.get(1), vec![9.0; dimension]);
        assert_eq!(rows.view.get(2), vec![2.0; dimension]);
        drop(shared);
        assert!(!rows.may_be_shared());
    }
}

#[test]
#[should_panic(expected = "not this store's alone")]
fn a_shared_row_is_not_overwritten() {
    let mut rows = filled(1, 2);
    let _shared = rows.share().unwrap();
    rows.set(0, &[1.0]);
}

#[cfg(unix)]
#[test]
fn rows_of_a_file_are_read_and_overwritten_in_place_and_the_next_one_in_a_copy() {
    use crate::RowFile;
    use crate::tests::disk::{OFFSET, bytes, temporary};
    for dimension in DIMENSIONS {
        let count = (1 << View::new(dimension).shift) + 1;
        let floats: Vec<f32> = (0..count * dimension).map(|at| (at / dimension) as f32).collect();
        let (file, content) = (temporary(), [vec![0; OFFSET as usize], bytes(&floats)].concat());
        std::io::Write::write_all(&mut &file, &content).unwrap();
        let mapped = RowFile::new(&file, OFFSET, count, (1, Arc::new(()))).unwrap();
        let mut rows = Rows::new(dimension);
        rows.map(&mapped, count, |_| None).unwrap();
        assert_eq!((rows.len(), rows.view.mapped()), (count, count));
        rows.reserve(1).unwrap();
        rows.set(count as u32, &vec![5.0; dimension]);
        rows.own(0).unwrap();
        rows.set(0, &vec![7.0; dimension]);
        assert_eq!(rows.view.get(0), vec![7.0; dimension]);
        assert_eq!(rows.view.get(count as u32 - 1), vec![(count - 1) as f32; dimension]);
        assert_eq!(rows.view.get(count as u32), vec![5.0; dimension]);
        assert_eq!(rows.view.mapped(), count - 1);
        let shared = rows.share().unwrap();
        assert!(rows.is_observed());
        rows.own(0).unwrap();
        rows.set(0, &vec![8.0; dimension]);
        assert_eq!(shared.get(0), vec![7.0; dimension]);
        drop((rows, shared));
        let mut found = Vec::new();
        std::io::Seek::rewind(&mut &file).unwrap();
        std::io::Read::read_to_end(&mut &file, &mut found).unwrap();
        assert!(found == content);
        assert_eq!(Arc::strong_count(&mapped.source().owner), 1);
    }
}

#[test]
fn sharers_on_other_threads_never_see_a_change() {
    let mut rows = filled(2, 300);
    for round in 0..200u32 {
        let shared = rows.share().unwrap();
        let expected: Vec<f32> = (0..shared.len as u32).map(|index| shared.get(index)[0]).collect();
        std::thread::scope(|scope| {
            scope.spawn(move || (0u32..).zip(&expected).for_each(|(index, first)| assert_eq!(shared.get(index), [*first; 2])));
            rows.reserve(1).unwrap();
            rows.set(rows.len() as u32, &[0.5; 2]);
            if rows.may_be_shared() {
                rows.own(round).unwrap();
            }
            rows.set(round, &[-(round as f32) - 1.0; 2]);
        });
    }
}
