package watch

import (
	"bytes"
	"context"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
)

// Machine asks the services of this machine, as this user sees them.
func Machine() Source {
	return Source{Services: folders.Services, Status: status, Incidents: incidents, Events: events}
}

func status(ctx context.Context, service string) (control.Status, error) {
	c, err := control.Dial(service)
	if err != nil {
		return control.Status{}, err
	}
	return c.Status(ctx)
}

func incidents(ctx context.Context, service string) ([]incident.Incident, error) {
	c, err := control.Dial(service)
	if err != nil {
		return nil, err
	}
	record, err := c.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	h, err := incident.ReadFrom(bytes.NewReader(record))
	if err != nil {
		return nil, err
	}
	return h.Incidents, nil
}

func events(ctx context.Context, service string, since uint64, each func(control.Event) error) error {
	c, err := control.Dial(service)
	if err != nil {
		return err
	}
	return c.Events(ctx, control.From{Since: &since, Follow: true}, each)
}
