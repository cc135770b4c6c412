package keeper

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/tree"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// heldState is what another image of this process held: see package wire.
type heldState struct {
	fd, old  int // files: these words, and the image to go back to, or -1
	keeper   *wire.HeldKeeper
	programs []*heldProgram
	sockets  []*wire.HeldSocket
	snapshot map[string][]byte
	allowed  []*rules
	waiting  []wire.Message

	plans launch.Decoder // most programs have nearly the same environment: it is kept once
}

// heldProgram is a program with its runs.
type heldProgram struct {
	wire.HeldProgram
	launch *launchable // nil: it was never started
	runs   []*wire.HeldRun
}

// readHeld reads what an image has written down, and whether this one understands it.
func readHeld(fd int) (*heldState, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	data := make([]byte, st.Size)
	for off := 0; off < len(data); {
		n, err := unix.Pread(fd, data[off:], int64(off))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return nil, fmt.Errorf("what is handed over can't be read: %w", errors.Join(err, wire.ErrMalformed))
		}
		off += n
	}
	h := &heldState{fd: fd, old: -1, snapshot: map[string][]byte{}}
	ended := false
	err := wire.Held(data, func(m wire.Message) error {
		_, ended = m.(*wire.HeldEnd)
		return h.take(m)
	})
	if err == nil && (!ended || h.keeper == nil) {
		err = wire.ErrMalformed
	}
	if err != nil {
		return nil, fmt.Errorf("what is handed over isn't understood: %w", err)
	}
	return h, nil
}

func (h *heldState) take(m wire.Message) error {
	if first, ok := m.(*wire.HeldKeeper); ok {
		if h.keeper = first; first.Format != wire.HeldFormat {
			return fmt.Errorf("it is of format %d, and this daruma knows %d", first.Format, wire.HeldFormat)
		}
		return nil
	}
	switch m := m.(type) {
	case *wire.HeldProgram:
		return h.takeProgram(m)
	case *wire.HeldRun:
		if len(h.programs) == 0 || h.programs[len(h.programs)-1].ID != m.ID {
			return fmt.Errorf("a run of %.50q without a program", m.ID)
		}
		p := h.programs[len(h.programs)-1]
		p.runs = append(p.runs, m)
	case *wire.HeldSocket:
		h.sockets = append(h.sockets, m)
	case *wire.SnapshotPart:
		h.snapshot[m.Key] = m.Data
	case *wire.Allowed:
		a := allowances{}
		if a.take(m); a.now == nil {
			return errors.New(a.why)
		}
		h.allowed = append(h.allowed, a.now)
	case *wire.HeldEnd:
	default:
		h.waiting = append(h.waiting, m)
	}
	return nil
}

func (h *heldState) takeProgram(m *wire.HeldProgram) error {
	p := &heldProgram{HeldProgram: *m}
	if m.Started {
		plan, err := h.plans.DecodeAny(m.Plan) // it was carried out already, by the image that wrote this
		if err != nil {
			return fmt.Errorf("%s: %w", m.ID, err)
		}
		p.Plan = nil
		p.launch = &launchable{plan: *plan, split: m.Split, openStdin: m.OpenStdin, foreign: plan.Check() != nil}
	}
	h.programs = append(h.programs, p)
	return nil
}

// files are those that are held, without h's own.
func (h *heldState) files() []int {
	list := []int{h.keeper.Lock}
	for _, s := range h.sockets {
		list = append(list, s.File)
		if s.Folder >= 0 {
			list = append(list, s.Folder)
		}
	}
	for _, p := range h.programs {
		for _, m := range p.runs {
			list = append(list, restoreRun(m).files()...)
		}
	}
	return list
}

// HandedOver says whether this process was a keeper already, of another image, and takes its programs over.
func HandedOver() bool { return os.Getenv(handoverVariable) != "" }

// resume takes up what another image of this process held, and lives on from there. resumed is false in a process that begins.
func resume(cfg Config) (code int, resumed bool) {
	if !HandedOver() {
		return 0, false
	}
	failedBefore := os.Getenv(failedVariable)
	fd, old, err := handoverFiles()
	_ = os.Unsetenv(handoverVariable)
	_ = os.Unsetenv(failedVariable)
	if err != nil {
		return failed(err), true
	}
	h, err := readHeld(fd)
	if err == nil && h.keeper.PID != os.Getpid() {
		return failed(errors.New(handoverVariable + " is set by another process: unset it")), true
	}
	if err != nil { // nothing is closed at exec yet
		if old >= 0 {
			defer cfg.passOn()()
			err = executeImage(old, fd, -1, nil, err.Error(), always)
		}
		return failed(err), true
	}
	h.old = old
	return h.live(cfg, failedBefore), true
}

// handoverFiles gives what handoverVariable says.
func handoverFiles() (held, old int, err error) {
	first, second, _ := strings.Cut(os.Getenv(handoverVariable), ",")
	held, err1 := strconv.Atoi(first)
	old, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil {
		return -1, -1, errors.New(handoverVariable + " is set, but only daruma itself may set it: unset it")
	}
	return held, old, nil
}

// live is a keeper's life from the takeover on.
func (h *heldState) live(cfg Config, failedBefore string) int {
	k := newKeeper(cfg)
	defer func() {
		if why := recover(); why != nil {
			h.panicked(k, why)
			panic(why)
		}
	}()
	if err := h.resume(k, failedBefore); err != nil {
		err = fmt.Errorf("the new daruma can't take over: %w", err)
		h.executeOld(k, err.Error())
		return failed(err)
	}
	return k.live()
}

// resume makes k the keeper that the other image was.
func (h *heldState) resume(k *keeper, failedBefore string) error {
	if err := h.begin(k); err != nil {
		return err
	}
	k.resumed = true
	if err := h.open(k); err != nil {
		return err
	}
	if err := h.restore(k); err != nil {
		return err
	}
	h.enter(k, failedBefore)
	k.acceptRequests()
	releaseOwnSignals()
	if k.allowed.asked {
		k.readAllowances() // by the process of this image: its supervisor may say things in another way
	}
	if err := k.sup.start(k); err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	unix.Close(h.fd)
	*h = heldState{fd: -1, old: -1} // it is reachable as long as the keeper lives
	return nil
}

// begin is what comes before anything is taken up.
func (h *heldState) begin(k *keeper) error {
	if err := closeInherited(); err != nil {
		return err
	}
	if h.keeper.Mark != k.mark {
		return fmt.Errorf("it names the service %q, and was called %q", k.mark, h.keeper.Mark)
	}
	return nil
}

// open makes anew what isn't handed over.
func (h *heldState) open(k *keeper) (err error) {
	if k.poll, err = poll.New(); err != nil {
		return err
	}
	if k.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("/dev/null: %w", err)
	}
	_ = access.MakeFolders(k.cfg.Service, k.cfg.Folders, k.cfg.Distrust) // somebody may have removed them a moment ago
	if k.folders, err = openFolders(k.cfg.Folders); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming a subreaper: %w", err)
	}
	k.oom.open(tree.MemoryEvents())
	k.oom.last, k.oom.before = h.keeper.OOMLast, h.keeper.OOMBefore
	return nil
}

// restore takes over programs, runs and sockets.
func (h *heldState) restore(k *keeper) error {
	m := h.keeper
	k.lock = lock.Adopt(m.Lock)
	k.runs.Path = m.Path
	k.sessions, k.reload, k.paused, k.waiting, k.snapshot = m.Sessions, m.Reload, m.Paused, h.waiting, h.snapshot
	k.trees.base, k.trees.without = m.Cgroup, m.NoCgroup
	k.terminal = terminal{there: m.Terminal, optional: m.NoHUP}
	k.sup.deaths, k.sup.lastSign, k.sup.why = m.Deaths, m.LastSign, "it ended for an upgrade"
	k.allowed.asked = m.Asked
	k.allowed.takeOver(h.allowed)
	for _, s := range h.sockets {
		held := &socket{file: os.NewFile(uintptr(s.File), s.Name), network: s.Network, address: s.Address}
		if s.Folder >= 0 {
			held.made = &socketFile{folder: s.Folder, name: s.Base, dev: s.Dev, ino: s.Ino}
		}
		k.sockets[s.Name] = held
	}
	for _, p := range h.programs {
		if err := h.restoreProgram(k, p); err != nil {
			return fmt.Errorf("%s: %w", p.ID, err)
		}
	}
	return nil
}

func (h *heldState) restoreProgram(k *keeper, from *heldProgram) error {
	p := &program{id: from.ID, launch: from.launch, grant: from.Grant, uses: from.Uses, newest: from.Newest, unwanted: from.Unwanted}
	p.tree = tree.Restore(tree.State{Group: from.Group, Frozen: from.Frozen, Killed: from.Killed, Empty: from.Empty, Serial: from.Serial})
	k.programs[p.id] = p
	for _, m := range from.runs {
		r := restoreRun(m)
		if !m.Alive {
			p.ended = append(p.ended, r)
			continue
		}
		p.alive = r
		if r.exited {
			k.emptying[p] = struct{}{}
			continue
		}
		k.byPID[r.PID] = p
		if err := k.poll.Add(r.pidfd, unix.EPOLLIN|unix.EPOLLET, func() { k.mainExited(p, r) }); err != nil {
			return err
		}
	}
	return nil
}

func restoreRun(m *wire.HeldRun) *run {
	r := &run{Run: m.Run, mainProcess: mainProcess{pidfd: m.PidFD, launching: launch.Launching{PID: m.Run.PID, Status: -1}},
		stdin: m.Stdin, exited: m.Exited, exit: m.Exit, next: m.Next, failed: m.Failed, killed: m.Killed, acked: m.Acked, released: m.Released}
	for _, s := range m.Streams {
		r.streams = append(r.streams, stream{s.Name, s.Read, s.Write})
	}
	return r
}

// enter says where the upgrade stands: in probation, or back where it began.
func (h *heldState) enter(k *keeper, failedBefore string) {
	u, m := &k.up, h.keeper
	u.last, u.attempts, u.sessions, u.news = m.Outcome, m.Outcome.Attempt, m.UpgradeSessions, true
	u.tookOver = k.sessions
	if u.last.Error == "" {
		u.sessions++
	}
	switch {
	case failedBefore != "":
		u.last.Error = failedBefore
		fallthrough
	case u.last.Error != "":
		u.refused = m.Candidate
	case h.old >= 0:
		u.old = h.old
		u.last.To = k.runs.Version
		u.enter(probation, probationLimit)
	}
}

// executeOld has the image that wrote these words take over again. It returns where that isn't possible.
func (h *heldState) executeOld(k *keeper, why string) {
	if h.old >= 0 && h.fd >= 0 {
		defer k.cfg.passOn()()
		err := executeImage(h.old, h.fd, -1, h.files(), why, always)
		printLine("daruma: going back to the old daruma: "+err.Error(), time.Second)
	}
}

// panicked goes back to the image before, where that is possible still.
func (h *heldState) panicked(k *keeper, value any) {
	why := fmt.Sprintf("the new daruma's keeper panicked: %v", value)
	if h.fd >= 0 { // it hadn't taken over yet
		printLine("daruma: "+why+"\n"+string(debug.Stack()), time.Second)
		k.sup.kill()
		k.sup.awaitEnd()
		h.executeOld(k, why)
		return
	}
	if u := &k.up; u.old < 0 || u.phase != probation && u.phase != goingBack {
		return
	}
	printLine("daruma: "+why+"\n"+string(debug.Stack()), time.Second)
	k.sup.kill()
	k.sup.awaitEnd()
	k.backOutcome(why)
	err := k.tryReplace()
	for end := monotonic.Now() + leaveLimit; errors.Is(err, errNotYet) && monotonic.Now() < end; err = k.tryReplace() {
		k.poll.Wait(tryAgain)
	}
	if err != nil {
		printLine("daruma: going back to the old daruma: "+err.Error(), time.Second)
	}
}
