package filecheck

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
)

func TestCompare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "daruma.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var loads int
	load := func(file string) (*definition.Service, error) {
		loads++
		return definition.Load(file, nil)
	}
	const good = "name: a\nprograms: {b: {command: [x]}}\n"
	write(good)
	def, err := definition.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	var c Checker
	want := func(state control.DefinitionState, read int) {
		t.Helper()
		for range 3 { // a file that looks the same isn't read again
			if r := c.Compare(def, load); r.State != state || (r.Err != nil) != (state == control.DefinitionRefused || state == control.DefinitionUnreadable) || loads != read {
				t.Errorf("%s, %v after %d loads, want %s after %d", r.State, r.Err, loads, state, read)
			}
		}
	}
	want(control.DefinitionLoaded, 0)
	write(good + "# more\n")
	want(control.DefinitionChanged, 1)
	write("name: a\nprograms: {b: {comand: [x]}}\n")
	want(control.DefinitionRefused, 2)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	want(control.DefinitionUnreadable, 2)
	write(good)
	want(control.DefinitionLoaded, 2)

	changed := *def // as after a reload
	changed.Source = []byte("other")
	def = &changed
	want(control.DefinitionChanged, 3)
}

// TestHanging: a disk that hangs doesn't hold up who asks, nor take a goroutine of each.
func TestHanging(t *testing.T) {
	file := filepath.Join(t.TempDir(), "daruma.yaml")
	if err := os.WriteFile(file, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	free := make(chan struct{})
	hang := func(string) (*definition.Service, error) { <-free; return nil, errors.New("late") }
	var c Checker
	answers := make(chan Result, 4*maxWaiting)
	for range cap(answers) {
		go func() { answers <- c.Compare(&definition.Service{File: file}, hang) }()
	}
	begin := time.Now()
	for range cap(answers) {
		if r := <-answers; r.State != control.DefinitionUnreadable || r.Err == nil {
			t.Errorf("%+v", r)
		}
	}
	if took := time.Since(begin); took > 10*timeout {
		t.Errorf("it took %v", took)
	}
	if n := c.waiting.Load(); n > maxWaiting {
		t.Errorf("%d wait", n)
	}
	close(free)
}
