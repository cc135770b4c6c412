package keeper

import (
	"bytes"
	"encoding/binary"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// laterField is a field of a plan that this daruma doesn't know, as package launch has it: a number, then a string.
const laterField = "\x01\x06strict"

// keeperToHandOver holds one program that runs, one that a newer daruma has started.
func keeperToHandOver(t *testing.T) *keeper {
	t.Helper()
	k := newKeeper(Config{Service: "test"})
	newer, err := new(launch.Decoder).DecodeAny(append(launch.Encode(allowedPlan()), laterField...))
	if err != nil {
		t.Fatal(err)
	}
	grant := wire.RestartGrant{Count: 3, Codes: []wire.Range{{From: 1, To: 255}}, Signals: true}
	for id, plan := range map[string]*launch.Plan{"api": allowedPlan(), "newer": newer} {
		k.programs[id] = &program{id: id, launch: &launchable{plan: *plan}, grant: grant, newest: 1}
		k.programs[id].alive = &run{Run: wire.Run{Generation: 1, PID: 99}, mainProcess: mainProcess{pidfd: -1},
			streams: []stream{{"stdout", 7, 8}}, exited: true}
	}
	return k
}

// handed reads what was written down.
func handed(t *testing.T, data []byte) *heldState {
	t.Helper()
	fd, err := unix.MemfdCreate("held", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.Pwrite(fd, data, 0); err != nil {
		t.Fatal(err)
	}
	h, err := readHeld(fd)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestNewerHandsOverToOlder: the way back of an upgrade. This daruma is the older one: it passes over messages and fields of messages that
// it doesn't know. A plan with a field that it doesn't know is kept as it is, but nothing is started from it.
func TestNewerHandsOverToOlder(t *testing.T) {
	own, err := keeperToHandOver(t).held()
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	for rest := own; len(rest) > 0; {
		n := 4 + binary.LittleEndian.Uint32(rest)
		frame := append(bytes.Clone(rest[:n]), "a field of the next version"...)
		binary.LittleEndian.PutUint32(frame, uint32(len(frame)-4))
		data = append(data, 4, 0, 0, 0, 0xff, 0, 1, 2) // a message of the next version
		data = append(data, frame...)
		rest = rest[n:]
	}
	h := handed(t, data)
	k := newKeeper(Config{Service: "test"})
	if err := h.restore(k); err != nil {
		t.Fatal(err)
	}
	exit := wire.Exit{Code: 3}
	for id, want := range map[string]bool{"api": true, "newer": false} {
		p := k.programs[id]
		p.alive.exit = exit
		if k.mayRestart(p, p.alive) != want {
			t.Errorf("%s is started again without an order: %v", id, !want)
		}
	}
	var kept [][]byte
	for _, p := range []*program{k.programs["newer"], keeperToHandOver(t).programs["newer"]} {
		kept = append(kept, p.held().Plan)
	}
	if !bytes.Equal(kept[0], kept[1]) || !bytes.HasSuffix(kept[0], []byte(laterField)) {
		t.Errorf("the plan is handed on as %q, and was %q", kept[0], kept[1])
	}
}

// TestOlderHandsOverToNewer: what an older daruma wrote down is understood. Who has changed the form so that this fails has to add fields at
// the end of their messages instead, read with coder.more, or messages, or must give the form another number (wire.HeldFormat), and then no
// upgrade from an older daruma keeps programs running.
func TestOlderHandsOverToNewer(t *testing.T) {
	const file = "testdata/held-1"
	if os.Getenv("DARUMA_WRITE_HELD") != "" {
		k := keeperToHandOver(t)
		k.sockets["web"] = &socket{file: os.Stdin, network: "tcp", address: "127.0.0.1:80"}
		data, err := k.held()
		if err == nil {
			err = os.WriteFile(file, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, want := handed(t, data), keeperToHandOver(t)
	if len(h.programs) != 2 || len(h.sockets) != 1 {
		t.Fatalf("%d programs and %d sockets", len(h.programs), len(h.sockets))
	}
	for _, p := range h.programs {
		own := want.programs[p.ID]
		if len(p.runs) != 1 || !reflect.DeepEqual(p.runs[0], own.alive.held(p.ID, true)) || !reflect.DeepEqual(p.launch.plan, own.launch.plan) {
			t.Errorf("%+v, runs %+v; want %+v", p, p.runs, own)
		}
	}
	if s := h.sockets[0]; s.Name != "web" || s.Address != "127.0.0.1:80" || s.File != 0 {
		t.Errorf("%+v", s)
	}
}

// TestDefinitionReadByNewer: the process that reads the definition is of the file on disk, which may be newer than this keeper. The program
// that needs something new isn't started; the others are.
func TestDefinitionReadByNewer(t *testing.T) {
	a := allowing(t, func(m *wire.Allowed) {
		m.Programs = append(m.Programs, wire.AllowedRun{ID: "newer", Plan: append(framed(func(*launch.Plan) {}), laterField...), Paths: []string{"/bin/api"}})
	})
	p := allowedPlan()
	p.Path = "/bin/api"
	if err := a.run("api", p); err != nil {
		t.Error(err)
	}
	if err := a.run("newer", p); err == nil || !strings.Contains(err.Error(), "only a newer daruma knows") {
		t.Errorf("without what the definition asks for: %v", err)
	}
}
