// Package events tells what happens in a service: to those who follow its events, in daruma's own log, and in the operating
// system's log, where no secret of the definition may appear.
package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/systemlog"
)

// closeTimeout is how long the last events may take to reach the system's log.
const closeTimeout = 2 * time.Second

// Publisher publishes the events of one service. One goroutine owns it.
type Publisher struct {
	Log    *slog.Logger   // daruma's own; discards what comes before it is set
	hub    *control.Hub   // those who follow the events
	system *systemlog.Log // nil where no service manager hosts the service: others have no business in the system's log
}

// New makes a publisher to hub and system, which may be nil.
func New(hub *control.Hub, system *systemlog.Log) *Publisher {
	return &Publisher{Log: slog.New(slog.DiscardHandler), hub: hub, system: system}
}

// Publish tells an event everywhere. def is the definition in force, whose secrets are kept out of the system's log.
func (p *Publisher) Publish(e control.Event, def *definition.Service) {
	p.PublishInside(e)
	if p.system.Wants(string(e.Kind)) {
		p.system.Tell(systemlog.Event{Kind: string(e.Kind), Program: e.Program, Reason: e.Reason, Clean: func(reason string) string {
			return systemlog.Plain(reason, secrets(def, e.Program)) // in the log's goroutine: a definition never changes
		}})
	}
}

// PublishPlain reports an event to followers and to daruma's log; the system's log, which more people read, gets another reason.
func (p *Publisher) PublishPlain(e control.Event, reason string) {
	p.PublishInside(e)
	p.system.Tell(systemlog.Event{Kind: string(e.Kind), Program: e.Program, Reason: systemlog.Plain(reason, nil)})
}

// Plain is a reason as others than the service's readers may see it: without the secrets of the definition.
func (p *Publisher) Plain(reason string, def *definition.Service) string {
	return systemlog.Plain(reason, secrets(def, ""))
}

// PublishInside reports an event to followers and to daruma's log, not to the system's.
func (p *Publisher) PublishInside(e control.Event) {
	e.EventID = systemlog.Find(string(e.Kind)).ID
	p.hub.Publish(e)
	p.Log.Info(string(e.Kind), "program", e.Program, "generation", e.Generation, "reason", e.Reason)
}

// CannotStart tells the system's log why the service can't begin. Nobody can follow its events yet.
func (p *Publisher) CannotStart(err error) {
	p.system.Tell(systemlog.Event{Kind: string(control.EventDefinitionRefused), Reason: systemlog.Plain("the service can't start; "+PlacesOf(err), nil)})
}

// Close gives the last events some time to reach the system's log.
func (p *Publisher) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := p.system.Close(ctx); err != nil {
		p.Log.Warn("the system's log", "error", err)
	}
}

// PlacesOf is [Places] of the errors of a definition, and the text of any other error.
func PlacesOf(err error) string {
	var wrong definition.Errors
	if errors.As(err, &wrong) {
		return Places(wrong)
	}
	return err.Error()
}

// Places says where a definition is wrong, and not what stands there: it may be a password.
func Places(wrong definition.Errors) string {
	if len(wrong) == 0 {
		return "it is wrong"
	}
	noun := "errors, the first at"
	if len(wrong) == 1 {
		noun = "error, at"
	}
	first := wrong[0]
	at := first.File
	if first.Pos.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", first.File, first.Pos.Line, first.Pos.Column)
	}
	return fmt.Sprintf("%d %s %s (%s); daruma check says more", len(wrong), noun, at, cmp.Or(first.Path, "the file as a whole"))
}
