package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asUser makes the test binary a client of another user: TestMain sees it.
const asUser = "DARUMA_CONTROL_TEST_AS_USER"

func TestMain(m *testing.M) {
	uid := os.Getenv(asUser)
	if uid == "" {
		os.Exit(m.Run())
	}
	uid, groups, _ := strings.Cut(uid, ":")
	n, err := strconv.Atoi(uid)
	var gids []int
	for gid := range strings.SplitSeq(groups, ",") {
		if id, err := strconv.Atoi(gid); err == nil {
			gids = append(gids, id)
		}
	}
	if err == nil {
		err = errors.Join(syscall.Setgroups(gids), syscall.Setgid(n+1000), syscall.Setuid(n))
	}
	if err != nil {
		fmt.Println("becoming another user:", err)
		os.Exit(1)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = (&Client{service: "shop", socket: os.Args[1], longest: maxAnswer}).Status(ctx)
	var denied *PermissionError
	var api *APIError
	switch {
	case errors.As(err, &denied):
		fmt.Println("denied:", err)
	case errors.As(err, &api):
		fmt.Println("refused:", api.Status, err)
	default:
		fmt.Println("got in:", err)
	}
	os.Exit(0)
}

// onlyRoot skips a test that must become another user, unless DARUMA_CI=1 says that nothing may be skipped.
func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("DARUMA_CI") == "1" {
			t.Fatal("only root can run this test, and nothing may be skipped")
		}
		t.Skip("SKIPPED: only root can become another user or give a folder away")
	}
}

// otherUser runs a client of user nobody.
func otherUser(t *testing.T, socket string) string {
	t.Helper()
	return clientOf(t, "65534", socket)
}

// clientOf runs a client of the user with this number and, after a colon, these groups.
func clientOf(t *testing.T, who, socket string) string {
	t.Helper()
	onlyRoot(t)
	cmd := exec.CommandContext(within(t), os.Args[0], socket)
	cmd.Env = append(os.Environ(), asUser+"="+who)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestAnotherUserIsKeptOut(t *testing.T) {
	base, err := os.MkdirTemp("", "daruma-control") // t.TempDir's parent is closed to others anyway, which would prove nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(base, "run")
	socket := filepath.Join(run, "control.sock")
	s, err := Listen(socket, &fakeBackend{}, NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(within(t))
	if out := otherUser(t, socket); !strings.Contains(out, "denied: service shop belongs to root: use sudo") {
		t.Fatalf("by the folder's mode: %s", out)
	}
	if err := os.Chmod(run, 0o755); err != nil {
		t.Fatal(err)
	}
	if out := otherUser(t, socket); !strings.Contains(out, "denied: service shop belongs to root") {
		t.Fatalf("by the socket's mode: %s", out)
	}
	if err := os.Chmod(socket, 0o777); err != nil {
		t.Fatal(err)
	}
	if out := otherUser(t, socket); !strings.Contains(out, "refused: 403 you are user 65534; only user 0") {
		t.Fatalf("by the peer's user: %s", out)
	}
}

func TestSocketIsClosedToOthersWhateverTheUmask(t *testing.T) {
	for _, mask := range []int{0, 0o077, 0o777} {
		base := t.TempDir()
		run := filepath.Join(base, "run")
		if err := os.Mkdir(run, 0o755); err != nil { // as systemd's RuntimeDirectory= makes it
			t.Fatal(err)
		}
		old := syscall.Umask(mask)
		s, err := Listen(filepath.Join(run, "control.sock"), &fakeBackend{}, NewHub(0))
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]os.FileMode{run: os.ModeDir | 0o700, run + "/control.sock": os.ModeSocket | 0o600} {
			if info, err := os.Lstat(path); err != nil || info.Mode() != want {
				t.Errorf("umask %03o: %s is %v (%v), want %v", mask, path, info.Mode(), err, want)
			}
		}
		if _, err := NewClient(run + "/control.sock").Status(within(t)); err != nil {
			t.Error(err)
		}
		if err := s.Close(within(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestLongPath(t *testing.T) {
	socket := filepath.Join(t.TempDir(), strings.Repeat("long", 40), strings.Repeat("folder", 40), "control.sock")
	s, err := Listen(socket, &fakeBackend{}, NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Fatalf("%d bytes: %v", len(socket), err)
	}
	if err := s.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Fatalf("after Close: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "control.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false) // as kill -9 leaves it
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Fatalf("a stale socket: %v", err)
	}
	s, err := Listen(socket, &fakeBackend{}, NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v %v", left, err)
	}
}

func TestLiveSocketIsNotTakenAway(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{}, nil)
	_, err := Listen(socket, &fakeBackend{}, NewHub(0))
	var held *HeldError
	if !errors.As(err, &held) || held.PID != os.Getpid() || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Fatalf("the second server got %v", err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Fatalf("the first server afterwards: %v", err)
	}
}

// A socket whose queue is full has an owner too.
func TestLiveSocketThatAcceptsNothing(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: socket}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	connect(t, socket) // fills the queue
	_, err = Listen(socket, &fakeBackend{}, NewHub(0))
	var held *HeldError
	if !errors.As(err, &held) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := NewClient(socket).Status(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a client of a full queue got %v", err)
	}
}

// Of many that start at once over a stale socket exactly one gets it.
func TestManyServersAtOnce(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	if err := unix.Mknod(socket, unix.S_IFSOCK|0o600, 0); err != nil {
		t.Fatal(err)
	}
	type result struct {
		s   *Server
		err error
	}
	results := make(chan result)
	for range 20 {
		go func() {
			s, err := Listen(socket, &fakeBackend{}, NewHub(0))
			results <- result{s, err}
		}()
	}
	var winner *Server
	for range 20 {
		r := <-results
		var held *HeldError
		switch {
		case r.err == nil && winner == nil:
			winner = r.s
		case r.err == nil:
			t.Error("two servers have the socket")
		case !errors.As(r.err, &held):
			t.Error(r.err)
		}
	}
	if winner == nil {
		t.Fatal("nobody got the socket")
	}
	if err := winner.Close(within(t)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"a symbolic link":   func(p string) error { return os.Symlink("/etc/passwd", p) },
		"a link to nothing": func(p string) error { return os.Symlink(filepath.Join(filepath.Dir(p), "elsewhere"), p) },
		"a file":            func(p string) error { return os.WriteFile(p, []byte("precious"), 0o600) },
		"a folder":          func(p string) error { return os.Mkdir(p, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			socket := filepath.Join(dir, "control.sock")
			if err := plant(socket); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(socket)
			if _, err := Listen(socket, &fakeBackend{}, NewHub(0)); err == nil || !strings.Contains(err.Error(), "remove it") {
				t.Fatalf("%v", err)
			}
			if after, err := os.Lstat(socket); err != nil || !os.SameFile(before, after) {
				t.Fatalf("it was replaced: %v %v", after, err)
			}
			if all, _ := os.ReadDir(dir); len(all) != 1 {
				t.Fatalf("created: %v", all)
			}
		})
	}
}

func TestFolderThatIsALink(t *testing.T) {
	base := t.TempDir()
	if err := errors.Join(os.Mkdir(base+"/real", 0o700), os.Symlink("real", base+"/run")); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(base+"/run/control.sock", &fakeBackend{}, NewHub(0)); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Fatal(err)
	}
}

// Close takes away its own socket, not that of a successor.
func TestCloseLeavesASuccessorAlone(t *testing.T) {
	s, _, socket := serve(t, &fakeBackend{}, nil)
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	successor, err := Listen(socket, &fakeBackend{}, NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(socket).Status(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := successor.Close(within(t)); err != nil {
		t.Fatal(err)
	}
}

// TestRenew: a socket whose file was taken away, or replaced, is made again; what is connected stays; one that another holds isn't touched.
func TestRenew(t *testing.T) {
	s, _, socket := serve(t, &fakeBackend{}, nil)
	connected := NewClient(socket)
	answers := func(when string, c *Client) {
		t.Helper()
		if _, err := c.Status(within(t)); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	renews := func(when string, want bool) {
		t.Helper()
		if renewed, err := s.Renew(); err != nil || renewed != want {
			t.Errorf("%s: renewed %v, %v", when, renewed, err)
		}
	}
	answers("at first", connected)
	renews("untouched", false)
	for range 3 {
		if err := os.Remove(socket); err != nil {
			t.Fatal(err)
		}
		renews("removed", true)
		answers("renewed", NewClient(socket))
		answers("renewed, to who was connected", connected)
	}
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket + "2"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := errors.Join(stale.Close(), os.Rename(socket+"2", socket)); err != nil {
		t.Fatal(err)
	}
	renews("replaced", true)
	answers("after another's was there", NewClient(socket))

	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	other, err := Listen(socket, &fakeBackend{}, NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	var held *HeldError
	if _, err := s.Renew(); !errors.As(err, &held) {
		t.Errorf("another's socket was taken: %v", err)
	}
	answers("the other's", NewClient(socket))
	if err := other.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	renews("the other has gone", true)
	if err := s.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	renews("closed", false)
	if left, err := os.ReadDir(filepath.Dir(socket)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestFolderOfAnotherUser(t *testing.T) {
	onlyRoot(t)
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(dir+"/control.sock", &fakeBackend{}, NewHub(0)); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Fatal(err)
	}
}
