package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/service/notify"
)

// closedEvery is how often the observer looks whether a service doesn't let it in. It costs each service a request.
const closedEvery = time.Minute

// closedLimit bounds how long a supervisor may take to let the observer in, or not.
const closedLimit = 5 * time.Second

// closed says which services don't let the observer in: whoever misses one in the metrics is to find out why.
type closed struct {
	errs     io.Writer
	own      *notify.Channel // to the supervisor of the observer's own service; nil: it is no program of daruma's
	services func() ([]string, error)
	knock    func(ctx context.Context, service string) error
	trouble  func() string             // what else the status is to say; "": nothing
	hidden   func(service string) bool // whether its run folder is where only root may look, if it is there at all

	said []string
}

func newClosed(errs io.Writer, own *notify.Channel, trouble func() string) *closed {
	return &closed{errs: errs, own: own, trouble: trouble, services: folders.Services, knock: func(ctx context.Context, service string) error {
		c, err := control.Dial(service)
		if err == nil {
			_, err = c.Health(ctx)
		}
		return err
	}, hidden: func(service string) bool {
		f, err := folders.Named(service)
		if err != nil {
			return false
		}
		info, err := os.Lstat(f.Run) // systemd's link for a dynamic user: it leads into /run/private, which is another one for each service
		return err == nil && info.Mode()&os.ModeSymlink != 0
	}}
}

// run looks until ctx ends.
func (c *closed) run(ctx context.Context) {
	every := time.NewTicker(closedEvery)
	defer every.Stop()
	for {
		c.look(ctx)
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// look asks all services at once, and says what is new.
func (c *closed) look(ctx context.Context) {
	names, err := c.services()
	if err != nil {
		return // a scrape says it
	}
	asked, cancel := context.WithTimeout(ctx, closedLimit)
	defer cancel()
	denied := make([]string, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			err := c.knock(asked, name)
			switch refused := (*control.PermissionError)(nil); {
			case errors.As(err, &refused):
				denied[i] = "doesn't let this observer in"
			case errors.Is(err, control.ErrNotRunning) && c.hidden(name):
				denied[i] = "doesn't run, or doesn't let this observer in"
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	now := map[string]string{}
	for i, name := range names {
		if denied[i] != "" {
			now[name] = denied[i]
		}
	}
	c.say(now, len(names))
}

// say takes why each closed service is closed, and how many services there are.
func (c *closed) say(now map[string]string, all int) {
	shut := slices.Sorted(maps.Keys(now))
	for _, name := range shut {
		if !slices.Contains(c.said, name) {
			fmt.Fprintf(c.errs, "daruma observe: service %s %s: %s\n", name, now[name], remedy(name))
		}
	}
	for _, name := range c.said {
		if now[name] == "" {
			fmt.Fprintf(c.errs, "daruma observe: service %s isn't closed to this observer any more\n", name)
		}
	}
	c.said = shut
	if c.own != nil {
		_ = c.own.Send(notify.Message{Key: notify.Status, Value: c.status(all - len(shut))}) // without a supervisor nobody asks for it
	}
}

// status is what daruma status shows of the observer.
func (c *closed) status(seen int) string {
	text := "1 service"
	if seen != 1 {
		text = fmt.Sprintf("%d services", seen)
	}
	if len(c.said) > 0 {
		text += "; doesn't see " + strings.Join(c.said, ", ")
	}
	if trouble := c.trouble(); trouble != "" {
		text += "; " + trouble
	}
	return text
}

// remedy is what to do about a service that doesn't let the observer in.
func remedy(service string) string {
	if os.Getenv("DARUMA_SERVICE") == readers.Observer {
		return fmt.Sprintf("write control: {readers: [%s]} into its definition, then daruma install that file and daruma restart %s", readers.Observer, service)
	}
	return "name its account or group in control.readers of the service's definition"
}
