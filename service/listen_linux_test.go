package service

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// listenChild is the variable that makes the test binary TestListenChild's program.
const listenChild = "DARUMA_TEST_LISTEN_CHILD"

// TestListenChild is no test but the program that is handed sockets; it says what it has of them.
func TestListenChild(t *testing.T) {
	addresses := strings.Fields(os.Getenv(listenChild))
	if len(addresses) == 0 {
		return
	}
	h := &Host{}
	byAddress, err := h.Listen("tcp", addresses[0])
	fmt.Println("by address:", byAddress.Addr(), err)
	byName, err := h.ListenNamed("admin", "tcp", "127.0.0.1:0")
	fmt.Println("by name:", byName.Addr(), err)
	byPath, err := h.Listen("unix", addresses[1])
	fmt.Println("by path:", byPath.Addr(), err)
	datagrams, err := h.ListenPacket("udp", addresses[2])
	fmt.Println("datagrams:", datagrams.LocalAddr(), err)
	_, err = h.Listen("tcp", addresses[0])
	fmt.Println("twice:", err != nil)
	for name, l := range h.Listeners() {
		fmt.Println("left:", name, l.Addr())
	}
	fmt.Println("then:", len(maps.Collect(h.Listeners())))
	fmt.Printf("environment: %q\n", os.Getenv("LISTEN_FDS")+os.Getenv("LISTEN_PID")+os.Getenv("LISTEN_FDNAMES"))
	// What a child of the service sees: only fd 3, which ls itself opens.
	out, err := exec.Command("sh", "-c", "ls -l /proc/self/fd | grep -c socket").Output()
	fmt.Println("sockets of a child:", strings.TrimSpace(string(out)), err != nil)
	stored, _ := os.Readlink("/proc/self/fd/8") // what is no socket stays open: it is the file descriptor store's
	fmt.Println("kept:", filepath.Base(stored))
	for _, l := range []net.Listener{byAddress, byName, byPath} { // each takes a connection that waits in its queue
		conn, err := l.Accept()
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		_, _ = conn.Write([]byte("hello"))
		_ = conn.Close()
	}
	os.Exit(0)
}

func TestListenInherited(t *testing.T) {
	dir := t.TempDir()
	var files []*os.File
	hand := func(s interface{ File() (*os.File, error) }, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	http, err := net.ListenTCP("tcp", loopback)
	hand(http, err)
	admin, err := net.ListenTCP("tcp", loopback)
	hand(admin, err)
	local, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "api.sock"), Net: "unix"})
	hand(local, err)
	dns, err := net.ListenUDP("udp", &net.UDPAddr{IP: loopback.IP})
	hand(dns, err)
	spare, err := net.ListenTCP("tcp", loopback)
	hand(spare, err)
	store, err := os.Create(filepath.Join(dir, "stored")) // of systemd's file descriptor store
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, store)

	var dialled []net.Conn
	for _, l := range []net.Listener{http, admin, local} {
		conn, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		dialled = append(dialled, conn)
	}

	// LISTEN_PID is the child's own: a shell says it before it becomes the child.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestListenChild$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=6", "LISTEN_FDNAMES=http:admin:local:dns:spare:stored",
		listenChild+"="+http.Addr().String()+" "+local.Addr().String()+" "+dns.LocalAddr().String())
	cmd.ExtraFiles = files
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %s", err, stderr.String())
	}
	want := fmt.Sprintf(`by address: %s <nil>
by name: %s <nil>
by path: %s <nil>
datagrams: %s <nil>
twice: true
left: spare %s
then: 0
environment: ""
sockets of a child: 0 true
kept: stored
`, http.Addr(), admin.Addr(), local.Addr(), dns.LocalAddr(), spare.Addr())
	if got := stdout.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, conn := range dialled {
		text := make([]byte, 10)
		if n, err := conn.Read(text); string(text[:n]) != "hello" {
			t.Errorf("%s: %q, %v", conn.RemoteAddr(), text[:n], err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "api.sock")); err != nil {
		t.Errorf("the child removed a socket that isn't its own: %v", err)
	}
}
