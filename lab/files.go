package lab

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
)

// Copy copies a file, or a folder with all that is in it, from the host into the running machine. Folders on the way
// are made; the copy replaces what has its name (of a folder, file by file). Modes are kept, the owner is root.
func (m *Machine) Copy(host, guest string) {
	m.t.Helper()
	info, err := os.Stat(host)
	if err != nil {
		m.t.Fatalf("copying into the machine: %v", err)
	}
	if info.IsDir() {
		r, w := io.Pipe()
		go func() { w.CloseWithError(pack(w, host)) }()
		m.plumb(guest, r, `mkdir -p "$1" && exec tar -x --no-same-owner -C "$1"`)
		return
	}
	f, err := os.Open(host)
	if err != nil {
		m.t.Fatalf("copying into the machine: %v", err)
	}
	defer f.Close()
	m.write(guest, f, info.Mode().Perm())
}

// Write makes a file in the running machine; perm is ignored under Wine but for the right to execute.
func (m *Machine) Write(guest, text string, perm os.FileMode) {
	m.t.Helper()
	m.write(guest, bytes.NewBufferString(text), perm)
}

func (m *Machine) write(guest string, r io.Reader, perm os.FileMode) {
	m.t.Helper()
	// Written aside and renamed: the file that has the name may be a program that runs.
	m.plumb(guest, r, `mkdir -p "$(dirname "$1")" && cat > "$1.lab-new" && chmod "$2" "$1.lab-new" && exec mv -f "$1.lab-new" "$1"`,
		"0"+octal(perm))
}

// Read gives a file of the running machine, and fails the test where it can't be read.
func (m *Machine) Read(guest string) string {
	m.t.Helper()
	return m.plumb(guest, nil, `exec cat "$1"`)
}

// Exists tells whether the running machine has a file or folder of that name.
func (m *Machine) Exists(guest string) bool {
	m.t.Helper()
	return m.plumb(guest, nil, `if test -e "$1" || test -L "$1"; then echo yes; fi`) != ""
}

// plumb runs a line of shell where the machine's files are, with the file's path as $1 and args after it.
func (m *Machine) plumb(guest string, stdin io.Reader, script string, args ...string) string {
	m.t.Helper()
	path, err := m.bench.path(guest)
	if err != nil {
		m.t.Fatalf("%s in the machine: %v", guest, err)
	}
	c := Command{Path: "sh", Args: append([]string{"-c", script, "sh", path}, args...), Stdin: stdin, native: true}
	r, err := m.RunCommand(m.t.Context(), c)
	if err != nil || r.ExitCode != 0 {
		m.t.Fatalf("%s in the machine: %v %v", guest, err, r)
	}
	return string(r.Stdout)
}

func octal(perm os.FileMode) string {
	const digits = "01234567"
	return string([]byte{digits[perm>>6&7], digits[perm>>3&7], digits[perm&7]})
}

// pack writes the folder as a tar archive.
func pack(w io.Writer, dir string) error {
	t := tar.NewWriter(w)
	if err := t.AddFS(os.DirFS(filepath.Clean(dir))); err != nil {
		return err
	}
	return t.Close()
}
