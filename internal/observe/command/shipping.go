package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/metrics"
	"github.com/daruma-sh/daruma/internal/observe/shipping"
)

// shipper is the part that ships logs; with nil, observe.yaml doesn't want it.
type shipper struct{ *shipping.Shipper }

// openShipping begins nothing yet.
func openShipping(errs io.Writer, c config.Config) (shipper, error) {
	if c.Shipping == nil {
		return shipper{}, nil
	}
	s, err := shipping.Open(shipping.Options{Config: *c.Shipping, State: filepath.Join(c.Folder, "shipping"), Say: func(line string) {
		fmt.Fprintln(errs, "daruma observe:", line)
	}})
	return shipper{s}, err
}

// show has the metrics tell of it.
func (s shipper) show(c *metrics.Collector) {
	if s.Shipper == nil {
		return
	}
	c.ShowShipping(func() []metrics.Shipped {
		var all []metrics.Shipped
		for _, one := range s.Counts() {
			all = append(all, metrics.Shipped(one))
		}
		return all
	})
}

func (s shipper) run(ctx context.Context) {
	if s.Shipper != nil {
		s.Run(ctx)
	}
}

func (s shipper) close() {
	if s.Shipper != nil {
		s.Close()
	}
}
