package keeper

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// testCgroup makes a real cgroup. Where none can be had that is a skip; with DARUMA_CI=1 a failure,
// unless DARUMA_CI_WITHOUT=cgroup says that the machine has none.
func testCgroup(t *testing.T) string {
	t.Helper()
	base, err := tree.FindCgroup(fmt.Sprintf("daruma-%s-%d", t.Name(), os.Getpid()))
	if err != nil {
		if os.Getenv("DARUMA_CI") == "1" && os.Getenv("DARUMA_CI_WITHOUT") != "cgroup" {
			t.Fatalf("needs a cgroup v2 that this user may write: %v", err)
		}
		t.Skipf("needs a cgroup v2 that this user may write: %v", err)
	}
	t.Cleanup(func() { tree.RemoveCgroup(base) })
	return base
}

// testKeeper makes a keeper in this process, with a peer that reads everything and says nothing.
func testKeeper(t *testing.T, base string) *keeper {
	t.Helper()
	return testKeeperTelling(t, base, io.Discard) // what it says is of no interest
}

// testKeeperTelling is testKeeper with a peer that copies what it reads.
func testKeeperTelling(t *testing.T, base string, peerTo io.Writer) *keeper {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread, and with it what it forked, ends with the test
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.SetNonblock(pair[0], true)
	other := os.NewFile(uintptr(pair[1]), "peer")
	k := &keeper{
		cfg: Config{Service: "test", Hang: time.Hour}, mark: fmt.Sprintf("test-%d", os.Getpid()),
		programs: map[string]*program{}, emptying: map[*program]struct{}{}, starting: map[*program]struct{}{},
		startLimit: startLimit, sockets: map[string]*socket{}, snapshot: map[string][]byte{},
		platform: platform{byPID: map[int]*program{}, oom: oomKills{fd: -1}, trees: trees{base: base}},
		sup:      supervisor{peer: peer{pidfd: -1, fd: pair[0]}},
	}
	if k.poll, err = poll.New(); err != nil {
		t.Fatal(err)
	}
	if k.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	if err := k.poll.Add(k.sup.fd, unix.EPOLLIN, func() { k.sup.read(k) }); err != nil {
		t.Fatal(err)
	}
	go func() { // the files go unread
		_, _ = io.Copy(peerTo, other)
	}()
	t.Cleanup(func() {
		k.ending = true // nothing is restarted
		for _, p := range k.programs {
			if p.alive != nil {
				k.killTree(p, p.alive)
			}
		}
		k.turnUntil(t, "everything is down", func() bool { return len(k.byPID) == 0 && len(k.emptying) == 0 })
		for _, s := range k.sockets {
			s.close()
		}
		for _, p := range k.programs {
			for _, r := range p.ended {
				closeRun(r)
			}
			p.tree.Close()
		}
		k.poll.Close()
		unix.Close(k.sup.fd)
		unix.Close(k.null)
		other.Close()
	})
	return k
}

// turn lets the keeper's loop turn once.
func (k *keeper) turn(limit time.Duration) {
	k.poll.Wait(limit)
	k.finishRuns()
	k.endLateStarts()
	k.sup.receive(k)
	k.finishTurn()
}

func (k *keeper) turnUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := monotonic.Now() + 30*time.Second; !done(); k.turn(5 * time.Millisecond) {
		if monotonic.Now() > end {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func plan(command ...string) []byte {
	return launch.Encode(&launch.Plan{Path: command[0], Argv: command, Dir: "/", UID: launch.Leave, GID: launch.Leave})
}

// TestExecutesAnything: a supervisor whose memory is damaged, or that somebody has taken over, sends any message, in any order.
// The keeper neither falls nor touches anything outside its own folders.
func TestExecutesAnything(t *testing.T) { executesAnything(t, testCgroup(t), 3000) }

func TestExecutesAnythingWithoutCgroups(t *testing.T) { executesAnything(t, "", 400) }

func executesAnything(t *testing.T, base string, steps int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := randomMessages{rng: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir(), all: wire.EveryKind()}
	k := testKeeper(t, base)
	beside := folderNames(t, filepath.Dir(base))
	for range steps {
		frame := wire.AppendFrame(nil, m.message(), 0)
		msg, _, _, ok, err := wire.NextFrame(frame)
		if !ok || err != nil {
			t.Fatalf("%v: %x", err, frame)
		}
		k.execute(msg)
		k.turn(0)
		k.done, k.stops = false, 0
	}
	if after := folderNames(t, filepath.Dir(base)); base != "" && after != beside {
		t.Errorf("beside its own cgroup were %s, now %s", beside, after)
	}
	for id := range k.programs {
		if !usableID(id) {
			t.Errorf("there is a program %q", id)
		}
	}
}

// randomMessages makes random messages that are well formed.
type randomMessages struct {
	rng *rand.Rand
	dir string
	all []wire.Message
}

func (m *randomMessages) pick(list ...string) string { return list[m.rng.IntN(len(list))] }

func (m *randomMessages) id() string {
	if m.rng.IntN(4) > 0 {
		return m.pick("a", "b", "c", "a!preStop")
	}
	return m.pick("", "..", "../x", "/../../../x", "/", "a/b", "a\x00b", strings.Repeat("y", 5000), "ä\n")
}

func (m *randomMessages) generation() uint64 {
	if m.rng.IntN(4) > 0 {
		return uint64(m.rng.IntN(4))
	}
	return m.rng.Uint64()
}

func (m *randomMessages) number() int {
	if m.rng.IntN(2) > 0 {
		return m.rng.IntN(70) - 5
	}
	return int(m.rng.Uint64())
}

func (m *randomMessages) grant() wire.RestartGrant {
	return wire.RestartGrant{Count: m.number(), Within: time.Duration(m.number()), Signals: m.rng.IntN(2) > 0, Codes: []wire.Range{{From: m.number(), To: m.number()}, {From: 0, To: 255}}}
}

func (m *randomMessages) message() wire.Message {
	switch m.rng.IntN(12) {
	case 0, 1, 2:
		commands := [][]byte{plan("/bin/true"), plan("/bin/sleep", "1000"), plan("/nothing"), plan("/bin/sh", "-c", "sleep 1000 & exit 3"), nil, {1, 2, 3}}
		s := &wire.Spawn{ID: m.id(), Generation: m.generation(), Grant: m.grant()}
		s.Spec = wire.Spec{Plan: commands[m.rng.IntN(len(commands))], Split: m.rng.IntN(2) > 0}
		return s
	case 3:
		return &wire.Signal{ID: m.id(), Generation: m.generation(), Signal: m.number()}
	case 4:
		return &wire.Kill{ID: m.id(), Generation: m.generation()}
	case 5:
		return &wire.Freeze{ID: m.id(), Generation: m.generation(), Thaw: m.rng.IntN(2) > 0}
	case 6:
		return &wire.Release{ID: m.id(), Generation: m.generation()}
	case 7:
		return &wire.Ack{ID: m.id(), Generation: m.generation()}
	case 8:
		return &wire.Listen{Name: m.id(), Network: m.pick("tcp", "udp", "unix", ""), Address: m.pick("127.0.0.1:0", "127.0.0.1:99999", filepath.Join(m.dir, "s"), m.dir, "")}
	case 9:
		return &wire.SetRestartGrant{ID: m.id(), Grant: m.grant()}
	case 10:
		return &wire.Forget{ID: m.id()}
	}
	return m.all[m.rng.IntN(len(m.all))] // empty, those that only a keeper sends included
}

func folderNames(t *testing.T, dir string) string {
	t.Helper()
	if dir == "." {
		return ""
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), "daruma-") { // other tests'
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

// TestForgottenProgramsLeaveNothing: a service that is reloaded again and again, each time with other programs.
func TestForgottenProgramsLeaveNothing(t *testing.T) {
	base := testCgroup(t)
	k := testKeeper(t, base)
	var before int
	for n := range 60 {
		id := fmt.Sprintf("p%d", n)
		k.execute(&wire.Spawn{ID: id, Generation: 1, Spec: wire.Spec{Plan: plan("/bin/true"), Split: true}})
		k.turnUntil(t, id+" has ended", func() bool { p := k.programs[id]; return p.alive == nil && len(p.ended) == 1 })
		if n%2 == 0 { // the order mustn't matter
			k.execute(&wire.Forget{ID: id})
		}
		k.execute(&wire.Release{ID: id, Generation: 1})
		k.execute(&wire.Ack{ID: id, Generation: 1})
		if n%2 == 1 {
			k.execute(&wire.Forget{ID: id})
		}
		k.turn(0)
		if n == 9 {
			before = len(descriptors(t))
		}
	}
	if len(k.programs) != 0 {
		t.Errorf("%d programs are still known", len(k.programs))
	}
	// The other tests of this process may have some on their way out, never in.
	if now := descriptors(t); len(now) > before {
		t.Errorf("%d descriptors after 10 programs, %d after 60: %v", before, len(now), now)
	}
	if names := folderNames(t, base); names != "" {
		t.Errorf("cgroups are left: %s", names)
	}
}

func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		to, _ := os.Readlink("/proc/self/fd/" + e.Name())
		list = append(list, e.Name()+"→"+to)
	}
	return list
}

// TestASocketInUseIsLeftAlone: only nobody's socket is replaced.
func TestASocketInUseIsLeftAlone(t *testing.T) {
	busy := filepath.Join(t.TempDir(), "busy")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: busy}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil { // room for one that nobody accepts
		t.Fatal(err)
	}
	c, err := net.Dial("unix", busy)
	if err != nil {
		t.Fatal(err)
	}
	datagram := filepath.Join(t.TempDir(), "datagram")
	d, err := net.ListenPacket("unixgram", datagram)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, path := range []string{busy, datagram} {
		if f, err := bind("unix", path); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: %v, %v", path, f, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("it was taken away: %v", err)
		}
	}
	unix.Close(fd)
	c.Close()
	f, err := bind("unix", busy)
	if err != nil {
		t.Fatalf("a stale one isn't replaced: %v", err)
	}
	f.close()
}

// TestAnEndlessTreeCostsLittle: a process stuck in the kernel can't be killed. The keeper checks again, but doesn't spin.
func TestAnEndlessTreeCostsLittle(t *testing.T) {
	k := testKeeper(t, "")
	base := t.TempDir()
	fake := filepath.Join(base, "p-a.1") // a plain folder with the files of a cgroup
	if err := os.Mkdir(fake, 0o755); err != nil {
		t.Fatal(err)
	}
	say := func(file, text string) {
		if err := os.WriteFile(filepath.Join(fake, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	say("cgroup.kill", "")
	say("cgroup.events", "populated 1\n")
	k.execute(&wire.Spawn{ID: "a", Generation: 1, Spec: wire.Spec{Plan: plan("/bin/sleep", "1000")}})
	p := k.programs["a"]
	if p.alive == nil {
		t.Fatal("it doesn't run")
	}
	if err := p.tree.Open(base, "a"); err != nil {
		t.Fatal(err)
	}
	k.execute(&wire.Kill{ID: "a", Generation: 1})
	turns := 0
	for end := monotonic.Now() + 500*time.Millisecond; monotonic.Now() < end; turns++ {
		k.poll.Wait(k.sleepTime())
		k.finishRuns()
		k.finishTurn()
	}
	if turns > 60 {
		t.Errorf("%d turns in 500 ms", turns)
	}
	if p.alive == nil {
		t.Error("it was given up while a process of it was alive")
	}
	say("cgroup.events", "populated 0\n")
	k.turnUntil(t, "its end is seen", func() bool { return p.alive == nil })
}

// TestADeafSupervisorCostsNothing: it closed its end and lives on. Its deadline will end it; until then nobody spins.
func TestADeafSupervisorCostsNothing(t *testing.T) {
	k := testKeeper(t, "")
	if err := unix.Shutdown(k.sup.fd, unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	turns := 0
	for end := monotonic.Now() + 200*time.Millisecond; monotonic.Now() < end; turns++ {
		k.turn(20 * time.Millisecond)
	}
	if turns > 30 {
		t.Errorf("%d turns in 200 ms", turns)
	}
}

// TestKeeperAsksNobody: a name would have to be looked up, and whoever is asked may not answer.
func TestKeeperAsksNobody(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		if f, err := bind(network, "localhost:0"); err == nil {
			f.close()
			t.Errorf("%s: localhost was looked up", network)
		}
		f, err := bind(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f.close()
	}
}

// TestRejectedSupervisorIsReported: its successor is told why, and not that somebody killed it.
func TestRejectedSupervisorIsReported(t *testing.T) {
	k := testKeeper(t, "")
	k.sup.inbox, k.sup.pending = wire.AppendFrame(nil, &wire.Welcome{}, 0), true
	k.sup.receive(k)
	fd := k.sup.fd
	defer func() { k.sup.fd = fd }() // testKeeper closes it
	if k.sup.fd, _ = unix.Dup(fd); k.sup.fd < 0 {
		t.Fatal("no descriptor left")
	}
	k.supervisorGone("it was ended by SIGKILL")
	if !strings.Contains(k.sup.why, "wire.Welcome, which only a keeper sends") {
		t.Errorf("the successor is told: %s", k.sup.why)
	}
}
