package closer_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/service/closer"
)

// The phases follow each other, whatever the order in which their steps were added, and a step that fails keeps none from its turn.
func Example() {
	step := func(name string, err error) func(context.Context) error {
		return func(context.Context) error { fmt.Println(name); return err }
	}
	var end closer.Closer
	end.Add(closer.PhaseRelease, "database", time.Second, step("closes the database", nil))
	end.Add(closer.PhaseFlush, "orders", time.Second, step("writes the orders", errors.New("disk full")))
	end.Add(closer.PhaseDrain, "http", time.Second, step("answers what is in flight", nil))

	err := end.Close(context.Background()) // in a service: host.StopContext()
	fmt.Println(err)
	// Output:
	// answers what is in flight
	// writes the orders
	// closes the database
	// flush: orders: disk full
}

// The report says how each step ended, as a table, as attributes of slog, or as JSON.
func ExampleCloser_Report() {
	var end closer.Closer
	end.Add(closer.PhaseStopAccepting, "listener", 0, func(context.Context) error { return nil })
	end.Add(closer.PhaseDrain, "http", time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	_ = end.Close(context.Background())
	for _, step := range end.Report().Steps {
		fmt.Println(step.Phase, step.Name, step.Outcome)
	}
	// Output:
	// stop accepting listener done
	// drain http timed out
}
