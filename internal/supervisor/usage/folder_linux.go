package usage

import "golang.org/x/sys/unix"

// folder is an open folder. Files are opened from it: a path from the root has the kernel look up each of its parts for each of thousands of files.
type folder int

const noFolder folder = -1

// openFolder opens a folder, or gives noFolder.
func openFolder(path string) folder {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return noFolder
	}
	return folder(fd)
}

func (f folder) close() {
	if f != noFolder {
		unix.Close(int(f))
	}
}

// folders counts the folders in it by its links: one is its own, one that of its parent, and one that of each folder in it. cgroup2 counts so (the kernel's
// fs/kernfs/inode.c); known is false for a file system that doesn't.
func (f folder) folders() (n int64, known bool) {
	var st unix.Stat_t
	if unix.Fstatat(int(f), "", &st, unix.AT_EMPTY_PATH) != nil || st.Nlink < 2 {
		return 0, false
	}
	return int64(st.Nlink) - 2, true
}

// read gives a file of the folder; nothing where it can't be read. It is good until the next one is read.
func (r *reader) read(in folder, name string) []byte {
	if in == noFolder {
		return nil // to the kernel it would be an error, too, but for the folder that is this process' present one
	}
	fd, err := unix.Openat(int(in), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	for end := 0; ; {
		if len(r.buf)-end < page {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		n, err := unix.Read(fd, r.buf[end:])
		if err != nil {
			return nil
		}
		if end += n; n < page/2 {
			return r.buf[:end]
		}
	}
}

// page is what the kernel puts together of such a file at a time, less the last line if that doesn't fit (fs/seq_file.c): who reads less than half of it has
// come to the end, and saves the read that says so.
const page = 4096
