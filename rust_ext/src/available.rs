//! How much memory there is for what can be done without.

use std::path::{Path, PathBuf};

/// Bytes that this process could have at this moment: what the system has left, or the limit of a control group (version 1 or 2) if that
/// is less. All there is where nobody says.
#[must_use]
pub fn available() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = files(&groups).filter_map(|file| limit(&std::fs::read_to_string(file).ok()?));
    limits.chain(left(&meminfo)).min().unwrap_or(u64::MAX)
}

fn left(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse().ok().map(|kibibytes: u64| kibibytes.saturating_mul(1024))
}

/// Without a limit there is a word in its place.
fn limit(content: &str) -> Option<u64> {
    content.trim().parse().ok()
}

/// Where limits may be: those of a group, and of all that it is in.
fn files(groups: &str) -> impl Iterator<Item = PathBuf> {
    groups.lines().filter_map(group).flat_map(|(root, name, path)| {
        let inside = Path::new(path.trim_start_matches('/')).to_path_buf();
        let above: Vec<_> = inside.ancestors().map(|part| Path::new(root).join(part).join(name)).collect();
        above
    })
}

/// Of a line of `/proc/self/cgroup`: its root, the name of the file, and the path of the group.
fn group(line: &str) -> Option<(&'static str, &'static str, &str)> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    if controllers.is_empty() {
        return Some(("/sys/fs/cgroup", "memory.max", path));
    }
    let memory = controllers.split(',').any(|controller| controller == "memory");
    memory.then_some(("/sys/fs/cgroup/memory", "memory.limit_in_bytes", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_looked_for_in_all_groups_above() {
        let found = |groups| files(groups).map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(
            found("0::/user/shell\n"),
            ["/sys/fs/cgroup/user/shell/memory.max", "/sys/fs/cgroup/user/memory.max", "/sys/fs/cgroup/memory.max"]
        );
        let memory = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
        assert_eq!(found("5:cpu,cpuacct:/a\n4:memory:/\n1:name=systemd:/b"), [memory]);
        assert!(found("nonsense").is_empty());
    }

    #[test]
    fn numbers_are_read_and_words_are_not() {
        assert_eq!(left("MemTotal: 9 kB\nMemAvailable:     123 kB\n"), Some(123 * 1024));
        assert_eq!((left("MemTotal: 9 kB\n"), limit("max\n"), limit("3221225472\n")), (None, None, Some(3 << 30)));
    }
}
