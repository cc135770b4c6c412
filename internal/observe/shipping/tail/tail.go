// Package tail finds the programs of this machine's services and reads their logs on from kept positions.
package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	// retryEvery is how often a log that can't be read is tried again.
	retryEvery = 10 * time.Second
	// youngFolder is how long after its last change a folder is listed each time: the time of a change is kept in steps of up to two seconds.
	youngFolder = 5 * time.Second
)

// Logs says where logs are.
type Logs struct {
	Services func() ([]string, error)
	Folder   func(service string) (string, error) // the log folder of a service; it need not exist
}

// Machine are the logs of this machine's services, as this user sees them.
func Machine() Logs {
	return Logs{Services: folders.Services, Folder: func(service string) (string, error) {
		f, err := folders.Seen(service)
		return f.Logs, err
	}}
}

// Options of [New].
type Options struct {
	Logs    Logs
	Machine string                             // the name that records give this machine
	Wants   func(service, program string) bool // which programs are read
	From    func(service, program string) (from logread.Position, known bool)
	AtEnd   bool // a program whose position isn't known and that has a log at the first look is read from its end; also where its folder
	//                       couldn't be read by then
	Late  func(service string) bool // with AtEnd false: that counts for this service, since an earlier tail couldn't read its folder
	Every time.Duration             // how often services and programs are searched for
	Say   func(line string)
}

// Tail is used by one goroutine.
type Tail struct {
	o        Options
	programs []*Program // sorted by service and name
	folders  map[string]*folder
	lookedAt time.Time
	listed   bool   // the services were, once
	failed   string // what was said of the list of services
}

// folder is a service's log folder.
type folder struct {
	changed, listed time.Time
	failed          string // what was said of it
	read            bool   // once
	atEnd           bool   // those of its programs whose position isn't known are read from their end when it is read for the first time
}

// New gives a tail that has looked for nothing yet.
func New(o Options) *Tail { return &Tail{o: o, folders: map[string]*folder{}} }

// Programs are those that are known.
func (t *Tail) Programs() []*Program { return t.programs }

// Look searches for services and programs that have come, unless it did so a moment ago.
func (t *Tail) Look(now time.Time) {
	if d := now.Sub(t.lookedAt); !t.lookedAt.IsZero() && d >= 0 && d < t.o.Every {
		return
	}
	t.lookedAt = now
	services, err := t.o.Logs.Services()
	t.say(&t.failed, "the services can't be listed", err)
	for _, service := range services {
		if t.folders[service] == nil {
			t.folders[service] = &folder{atEnd: t.o.AtEnd && !t.listed || t.o.Late != nil && t.o.Late(service)}
		}
		t.lookAt(service, now)
	}
	t.listed = t.listed || err == nil
}

// Listed tells whether the services were listed by now.
func (t *Tail) Listed() bool { return t.listed }

// Late are the services whose programs will be read from their end, and whose folders couldn't be read yet.
func (t *Tail) Late() (services []string) {
	for service, f := range t.folders {
		if f.atEnd && !f.read && f.failed != "" {
			services = append(services, service)
		}
	}
	return services
}

// lookAt lists a service's programs where its folder has changed.
func (t *Tail) lookAt(service string, now time.Time) {
	f := t.folders[service]
	dir, err := t.o.Logs.Folder(service)
	var st fs.FileInfo
	if err == nil {
		st, err = os.Stat(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		f.read = true // what comes into it is new
		return
	}
	if err == nil && st.ModTime().Equal(f.changed) && f.listed.Sub(st.ModTime()).Abs() > youngFolder {
		return
	}
	var names []string
	if err == nil {
		names, err = logread.Programs(dir)
	}
	what := fmt.Sprintf("the logs of %s can't be read", service)
	if err != nil {
		t.say(&f.failed, what, err)
		return
	}
	f.changed, f.listed = st.ModTime(), now
	for _, name := range names {
		t.add(service, name, dir, f.atEnd && !f.read)
	}
	f.read = true
	t.say(&f.failed, what, nil)
}

// add begins to read a program that is wanted and not known.
func (t *Tail) add(service, name, dir string, atEnd bool) {
	i, known := slices.BinarySearchFunc(t.programs, [2]string{service, name}, func(p *Program, key [2]string) int {
		return slices.Compare([]string{p.Service, p.Program}, key[:])
	})
	if known || t.o.Wants != nil && !t.o.Wants(service, name) {
		return
	}
	p := &Program{Source: record.NewSource(t.o.Machine, service, name), dir: dir, tail: t}
	if p.from, known = t.o.From(service, name); !known && atEnd {
		var err error
		if p.from, err = logread.End(dir, name); err != nil {
			t.o.Say(fmt.Sprintf("where the log of %s/%s ends can't be found, so it is shipped from its beginning: %s", service, name, plaintext.Line(err.Error())))
		}
	}
	t.programs = slices.Insert(t.programs, i, p)
}

// say tells of an error once, and when it is over.
func (t *Tail) say(said *string, what string, err error) {
	text := ""
	if err != nil {
		text = plaintext.Line(err.Error())
		if errors.Is(err, fs.ErrPermission) {
			text += " (the observer must be allowed to read the log folder, docs/shipping.md)"
		}
	}
	if text == *said {
		return
	}
	if *said = text; text == "" {
		t.o.Say(strings.ReplaceAll(what, "can't be", "can be") + " again")
		return
	}
	t.o.Say(what + ": " + text)
}

// Close closes all files.
func (t *Tail) Close() {
	for _, p := range t.programs {
		p.close()
	}
}
