package command

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/web"
)

// dashboard gives the dashboard with the parts that others make of it: each has a line here.
func dashboard(o web.Options, r *remembered) *web.Dashboard {
	r.hang(&o)
	return web.New(o)
}

// openDashboard listens for the dashboard of observe.yaml, and gives what serves it until its context ends.
//
// It has a listener of its own: whoever floods it keeps no scraper out, and the metrics need neither its passwords nor its TLS.
func openDashboard(out, errs io.Writer, c config.Config, r *remembered) (serve func(context.Context) error, err error) {
	o := web.Options{Hosts: c.Dashboard.Hosts, Secure: c.Dashboard.Certificate != ""}
	for _, u := range c.Dashboard.Users {
		o.Users = append(o.Users, web.User(u))
	}
	l, err := net.Listen("tcp", c.Dashboard.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: give another address with dashboard.listen in observe.yaml", err)
	}
	scheme := "http"
	if o.Secure {
		pair := &certificate{files: *c.Dashboard, say: func(err error) {
			fmt.Fprintf(errs, "daruma observe: the dashboard's new certificate can't be read, and the old one is used: %v\n", err)
		}}
		if _, err := pair.get(nil); err != nil {
			_ = l.Close()
			return nil, fmt.Errorf("dashboard.tls in observe.yaml: %w", err)
		}
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
		scheme = "https"
	}
	fmt.Fprintf(out, "dashboard on %s://%s/\n", scheme, l.Addr())
	d := dashboard(o, r)
	return func(ctx context.Context) error { return d.Serve(ctx, l) }, nil
}

// certificate is read again when its file is replaced: one that is renewed every few weeks needs no restart.
type certificate struct {
	files config.Dashboard
	say   func(error)

	mu   sync.Mutex
	at   time.Time
	pair *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.files.Certificate)
	if err == nil && c.pair != nil && info.ModTime().Equal(c.at) {
		return c.pair, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.files.Certificate, c.files.Key); err == nil {
			c.pair, c.at = &pair, info.ModTime()
			return c.pair, nil
		}
	}
	if c.pair == nil {
		return nil, err
	}
	if info == nil || !info.ModTime().Equal(c.at) {
		c.say(err)
		if info != nil {
			c.at = info.ModTime() // said once for each file
		}
	}
	return c.pair, nil
}
