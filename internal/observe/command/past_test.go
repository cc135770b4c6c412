package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/web"
)

// answering stands for a supervisor, whose record is in a file.
type answering struct{ record string }

func (a answering) Status(context.Context) (control.Status, error) {
	return control.Status{Service: "shop", Programs: []control.ProgramStatus{{Name: "api", Wanted: true, PID: 1, CPUSeconds: 1, MemoryBytes: 5 << 20}}}, nil
}

func (a answering) Command(context.Context, control.Command) (control.Answer, error) {
	return control.Answer{}, nil
}

func (a answering) Alive(context.Context) (string, error) { return "shop", nil }

func (a answering) Incidents() (io.ReadCloser, error) { return os.Open(a.record) }

func (a answering) Logs(context.Context, control.LogQuery, func(control.LogLine) error, func() error) error {
	return nil
}

// serving makes the service shop, in which api fell once.
func serving(t *testing.T) {
	t.Helper()
	dir, err := folders.Of("shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir.State, dir.Logs} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	rec, _, err := incident.Open(dir.Incidents(), incident.Options{Service: "shop", Start: incident.ServiceStarted})
	if err != nil {
		t.Fatal(err)
	}
	rec.RecordWanted("api", true, "start")
	rec.RecordFall(incident.Fall{Program: "api", Kind: incident.Exit, Cause: "exit code 42"})
	rec.RecordRecovery(incident.Recovery{Program: "api"})
	if err := rec.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err := control.Listen(dir.Socket(), answering{dir.Incidents()}, control.NewHub(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close(context.Background()) })
}

// What an observer keeps is there at once in a dashboard that is opened later, and the falls are, too.
func TestPastIsKeptAndShown(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serving(t)
	c, err := config.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Listen, c.History = "", true
	kept := filepath.Join(c.Folder, "history")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- run(ctx, io.Discard, io.Discard, c) }()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) { // sleep: nothing tells that a file was written
		if files, _ := filepath.Glob(filepath.Join(kept, "samples-*")); len(files) > 0 {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("no sample was kept")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(kept, "day-*")); len(files) == 0 {
		t.Error("no day was kept")
	}

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	var o web.Options
	r := readPast(c)
	r.hang(&o)
	shown := map[string]string{}
	v := web.View{Service: "shop", Language: "en", T: func(text string) string { return text }}
	for _, p := range o.Pages {
		text, err := p.Body(ctx, v)
		if err != nil {
			t.Fatal(p.Path, err)
		}
		shown[p.Path] = string(text)
	}
	for page, want := range map[string]string{"falls": "exit code 42", "incident": "exit code 42", "availability": "shop/api"} {
		if !strings.Contains(shown[page], want) {
			t.Errorf("%s has no %q:\n%s", page, want, shown[page])
		}
	}
	text, err := o.Panels[0].Body(ctx, v)
	if err != nil || !strings.Contains(string(text), "5.0 MiB") {
		t.Errorf("%v\n%s", err, text)
	}
}

// Without history: true nothing is kept.
func TestNoPastUnasked(t *testing.T) {
	folder := t.TempDir()
	r := keepPast(io.Discard, config.Config{Folder: folder}, nil)
	r.run(t.Context())
	var o web.Options
	if r.hang(&o); r != nil || len(o.Pages) > 0 {
		t.Error("there are pages of a past that nobody keeps")
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Error(entries, err)
	}
	var said strings.Builder
	sayPast(&said, nil)
	sayPast(&said, fmt.Errorf("the disk is full"))
	if strings.Count(said.String(), "\n") != 2 || !strings.Contains(said.String(), "the disk is full") {
		t.Error(said.String())
	}
}
