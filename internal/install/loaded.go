package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

// askTimeout is how long a running supervisor may take to say how it stands to the definition.
const askTimeout = 6 * time.Second

// remarkUnloaded remarks that a running service hasn't loaded the definition as it is now.
func (i *Installation) remarkUnloaded(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	client, err := control.Dial(i.Definition.Name)
	if err != nil {
		return
	}
	if status, err := client.Status(ctx); err == nil && status.DefinitionFile == i.Definition.File && status.Definition == control.DefinitionChanged {
		i.Warnings = append(i.Warnings, fmt.Sprintf("the definition was changed since the running service loaded it: daruma reload %s makes it take it", i.Definition.Name))
	}
}

// loadChanged has the running service load its definition where that was changed. Errors: *DefinitionError, those of the client.
func (i *Installation) loadChanged(ctx context.Context, r *Result) error {
	client, err := control.Dial(i.Definition.Name)
	if err != nil {
		return err
	}
	asked, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	status, err := client.Status(asked)
	if err != nil || status.Definition == control.DefinitionLoaded {
		return err
	}
	answer, err := client.Command(ctx, control.Command{Verb: control.VerbReload, Reason: "daruma install --now", MinReadySeconds: operate.MinReadySeconds})
	var api *control.APIError
	if errors.As(err, &api) && len(api.Errors) > 0 {
		return &DefinitionError{errors.New(strings.Join(api.Errors, "\n") + "\nthe old definition stays in force")}
	}
	r.Reload = answer.Reload
	if err == nil {
		err = operate.NotUp(i.Definition.Name, answer.Results)
	}
	return err
}
