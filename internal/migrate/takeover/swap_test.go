package takeover

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// reports is a Reporter that notes what it is given.
type reports []string

func (r *reports) note(text string) { *r = append(*r, text) }

func (r *reports) Print(text string) error           { r.note(text); return nil }
func (r *reports) Begin(doing string) (end func())   { r.note(doing); return func() {} }
func (r *reports) Done(what string, _ time.Duration) { r.note(what) }

// TestStepsAreInterrupted: between two steps, or by the step that waits; what comes after isn't done.
func TestStepsAreInterrupted(t *testing.T) {
	var reported reports
	r := replacement{options: Options{Report: &reported}}
	ctx, cancel := context.WithCancel(t.Context())
	after := false
	err := r.steps(ctx, []swapStep{
		{"doing", "done", func(context.Context) error { return nil }},
		{"waiting", "waited", func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }},
		{"more", "", func(context.Context) error { after = true; return nil }},
	})
	if err == nil || err.Error() != "interrupted while waiting" || after || !slices.Equal(reported, reports{"doing", "done", "waiting"}) {
		t.Errorf("%v %v %q", err, after, reported)
	}
	if err := r.steps(ctx, []swapStep{{"more", "", func(context.Context) error { after = true; return nil }}}); err == nil || after {
		t.Errorf("%v %v", err, after)
	}
	broken := errors.New("broken")
	if err := r.steps(t.Context(), []swapStep{{"x", "", func(context.Context) error { return broken }}}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
