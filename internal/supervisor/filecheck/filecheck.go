// Package filecheck compares the definition's file with the definition in force: was it changed since, and would it be taken?
//
// It is asked when somebody asks for the status; nobody watches the file meanwhile. A file that looks as it did at the last comparison
// isn't read again. Whoever asks gets an answer within a second, though the file is on a disk that hangs.
package filecheck

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
)

// timeout is how long the file may take to be read.
const timeout = time.Second

const maxWaiting = 8

// Result is how the file stands to the definition in force.
type Result struct {
	State control.DefinitionState
	Err   error               // of a file that is refused or can't be read
	New   *definition.Service // what a reload would take; nil: nothing
}

// Checker remembers the last comparison. Its methods may be called from any goroutine. The zero value is ready.
type Checker struct {
	waiting atomic.Int32 // goroutines that compare or wait to: a disk that hangs for hours may be asked for every second
	mu      sync.Mutex   // held while the file is read
	last    comparison
}

// comparison is what was compared, and what came of it.
type comparison struct {
	inForce *definition.Service
	info    os.FileInfo
	result  Result
}

// Compare compares def.File with def. load reads a file and says whether it would be taken.
func (c *Checker) Compare(def *definition.Service, load func(file string) (*definition.Service, error)) Result {
	late := Result{State: control.DefinitionUnreadable, Err: fmt.Errorf("%s: it couldn't be read within %v", def.File, timeout)}
	if c.waiting.Add(1) > maxWaiting {
		c.waiting.Add(-1)
		return late
	}
	done := make(chan Result, 1)
	go func() {
		defer c.waiting.Add(-1)
		c.mu.Lock()
		defer c.mu.Unlock()
		done <- c.compare(def, load)
	}()
	select {
	case r := <-done:
		return r
	case <-time.After(timeout):
		return late
	}
}

func (c *Checker) compare(def *definition.Service, load func(string) (*definition.Service, error)) Result {
	info, err := os.Stat(def.File)
	if err != nil {
		return Result{State: control.DefinitionUnreadable, Err: err}
	}
	if l := c.last; l.inForce == def && os.SameFile(l.info, info) && l.info.ModTime().Equal(info.ModTime()) && l.info.Size() == info.Size() {
		return l.result
	}
	r := judge(def, load)
	c.last = comparison{def, info, r}
	return r
}

// judge reads the file.
func judge(def *definition.Service, load func(string) (*definition.Service, error)) Result {
	source, err := definition.Read(def.File)
	switch {
	case err != nil:
		return Result{State: control.DefinitionUnreadable, Err: err}
	case bytes.Equal(source, def.Source):
		return Result{State: control.DefinitionLoaded}
	}
	next, err := load(def.File)
	if err != nil {
		return Result{State: control.DefinitionRefused, Err: err}
	}
	return Result{State: control.DefinitionChanged, New: next}
}
