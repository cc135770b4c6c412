package safefile

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// her is a user for whom a file is read, him a third one.
const her, him = 61_741, 61_742

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// herFolder is a folder of hers below one that everybody may enter.
func herFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatal("needs root")
		}
		t.Skip("needs root: gives files away")
	}
	dir := filepath.Join(t.TempDir(), "hers")
	must(t, os.Mkdir(dir, 0o755), os.Chown(dir, her, her))
	return dir
}

// put makes a file of a user.
func put(t *testing.T, path string, owner int) string {
	t.Helper()
	must(t, os.WriteFile(path, []byte("A=1"), 0o600), os.Chown(path, owner, owner))
	return path
}

func link(t *testing.T, to, path string, owner int) string {
	t.Helper()
	must(t, os.Symlink(to, path), os.Lchown(path, owner, owner))
	return path
}

// TestNobodyGetsWhatOnlyWeMayRead: her program's file is read with our rights, and she decides what the name means.
func TestNobodyGetsWhatOnlyWeMayRead(t *testing.T) {
	dir := herFolder(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	secrets := filepath.Join(t.TempDir(), "secrets") // root's
	must(t, os.Mkdir(secrets, 0o700))
	secret := put(t, filepath.Join(secrets, "api.env"), 0)
	hers := put(t, at("hers.env"), her)
	must(t, os.Link(secret, at("hard")))
	must(t, unix.Mkfifo(at("fifo"), 0o666), unix.Mknod(at("zero"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))))
	for what, path := range map[string]string{
		"her link to root's file":                  link(t, secret, at("link"), her),
		"his link to her file":                     link(t, hers, at("his"), him),
		"his file":                                 put(t, at("his.env"), him),
		"her link to his file":                     link(t, at("his.env"), at("tohis"), her),
		"her link to root's folder":                filepath.Join(link(t, secrets, at("conf"), her), "api.env"),
		"her relative link":                        link(t, "../../../../../../../../../../etc/shadow", at("relative"), her),
		"her hard link to root's file":             at("hard"),
		"root's link to her link to root's file":   link(t, at("link"), at("viaroot"), 0),
		"her link to root's link to root's folder": filepath.Join(link(t, link(t, secrets, at("back"), 0), at("forth"), her), "api.env"),
		"FIFO":                        at("fifo"),
		"root's link to a FIFO":       link(t, at("fifo"), at("tofifo"), 0),
		"endless device":              at("zero"),
		"folder":                      dir,
		"folder, named as one":        dir + "/",
		"file, named as a folder":     hers + "/",
		"no end of links":             link(t, at("loop"), at("loop"), 0),
		"a relative path":             "hers.env",
		"her link to /proc/self/fd/0": link(t, "/proc/self/fd/0", at("fd"), her),
	} {
		if data, err := ReadOwned(path, 100, her); err == nil {
			t.Errorf("%s: %q was read", what, data)
		}
	}
	for what, path := range map[string]string{
		"her file":                hers,
		"root's file":             secret,
		"root's file in hers":     put(t, at("roots.env"), 0),
		"root's link":             link(t, secret, at("rootlink"), 0),
		"her link to her file":    link(t, hers, at("herlink"), her),
		"root's link to her link": link(t, at("herlink"), at("twice"), 0),
		"dots":                    dir + "/./../hers/hers.env",
	} {
		if data, err := ReadOwned(path, 100, her); err != nil || string(data) != "A=1" {
			t.Errorf("%s: %q, %v", what, data, err)
		}
	}
	if _, err := ReadOwned(hers, 100); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "belongs to user 61741") {
		t.Errorf("for nobody but us, her file: %v", err)
	}
	if _, err := ReadOwned(hers, 2, her); err == nil {
		t.Error("a file that is too long was read")
	}
	if _, err := ReadOwned(at("none"), 2, her); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestALeaseIsntWaitedFor: open(2) waits up to 45 s for whoever holds one.
func TestALeaseIsntWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leased")
	writeFile(t, path, "A=1")
	signal.Ignore(unix.SIGIO) // by which the kernel asks the holder for it
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadOwned(path, 100); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "lease") {
		t.Errorf("%v", err)
	}
}

// TestFoldersOverStrangersLinks: a name in a folder is only as good as the way to the folder.
func TestFoldersOverStrangersLinks(t *testing.T) {
	dir := herFolder(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	roots := t.TempDir()
	put(t, at("file"), 0)
	for what, path := range map[string]string{"her link": link(t, roots, at("hers"), her), "below it": filepath.Join(link(t, "/", at("slash"), her), "etc"),
		"file": at("file"), "nothing": at("none"), "relative": "."} {
		if fd, err := OpenFolder(path); err == nil {
			unix.Close(fd)
			t.Errorf("%s was opened", what)
		}
	}
	for what, path := range map[string]string{"her folder": dir, "root's link": link(t, roots, at("roots"), 0), "with a slash": dir + "/"} {
		fd, err := OpenFolder(path)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		unix.Close(fd)
	}
}
