package metrics

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// TextfileName is the file's name. The textfile collectors of node_exporter and windows_exporter read every *.prom of their folder.
const TextfileName = "daruma.prom"

// WriteTextfiles writes the metrics into the folder dir, at once and then again and again, until ctx ends. The file is replaced whole, so that
// no collector reads half of it, and removed at the end: what nobody renews would be taken for the present. failed hears of the first file that couldn't
// be written, and nil when one could again; an error at the beginning is returned instead.
func WriteTextfiles(ctx context.Context, c *Collector, dir string, every time.Duration, failed func(error)) error {
	path := filepath.Join(dir, TextfileName)
	if err := writeTextfile(ctx, path, c); err != nil {
		return err
	}
	defer os.Remove(path)
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last error
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := writeTextfile(ctx, path, c)
		if (err == nil) != (last == nil) { // the texts differ each time: a temporary file's name is in them
			failed(err)
		}
		last = err
	}
}

func writeTextfile(ctx context.Context, path string, c *Collector) error {
	return safefile.ReplaceFunc(path, 0o644, func(w io.Writer) error { return c.Write(ctx, w) }, safefile.Unsynced)
}
