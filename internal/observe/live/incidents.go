package live

import (
	"bytes"
	"context"
	"errors"
	"io/fs"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
)

// Incidents reads the file of a service's incident record, or asks the supervisor where the folder is closed to this user, who has 4 s then.
func Incidents(ctx context.Context, service string) (*incident.History, error) {
	dir, err := folders.Seen(service)
	if err != nil {
		return nil, err
	}
	h, err := incident.Read(dir.Incidents())
	if !errors.Is(err, fs.ErrPermission) {
		return h, err
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	client, dialErr := control.Dial(service)
	if dialErr != nil {
		return nil, err
	}
	record, askErr := client.Incidents(ctx)
	if askErr != nil {
		return nil, err
	}
	return incident.ReadFrom(bytes.NewReader(record))
}
