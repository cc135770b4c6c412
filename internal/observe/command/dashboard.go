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
	d := web.New(o)
	if r != nil {
		r.observer.Share(d.Heard)
	}
	return d
}

// openDashboard listens for the dashboard of observe.yaml, and gives what serves it until its context ends, and what is wrong with it meanwhile; "": nothing.
//
// It has a listener of its own: whoever floods it keeps no scraper out, and the metrics need neither its passwords nor its TLS.
func openDashboard(out, errs io.Writer, c config.Config, r *remembered) (serve func(context.Context) error, trouble func() string, err error) {
	o := web.Options{Hosts: c.Dashboard.Hosts, Proxies: c.Dashboard.Proxies, Secure: c.Dashboard.Certificate != ""}
	for _, u := range c.Dashboard.Users {
		o.Users = append(o.Users, web.User(u))
	}
	l, err := net.Listen("tcp", c.Dashboard.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: give another address with dashboard.listen in observe.yaml", err)
	}
	scheme, trouble := "http", func() string { return "" }
	if o.Secure {
		pair := &certificate{files: *c.Dashboard, say: func(err error) {
			fmt.Fprintf(errs, "daruma observe: the dashboard's new certificate can't be read, and the old one is used: %v\n", err)
		}}
		if _, err := pair.get(nil); err != nil {
			_ = l.Close()
			return nil, nil, fmt.Errorf("dashboard.tls in observe.yaml: %w", err)
		}
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
		scheme, trouble = "https", pair.trouble
	}
	fmt.Fprintf(out, "dashboard on %s://%s/\n", scheme, l.Addr())
	d := dashboard(o, r)
	return func(ctx context.Context) error { return d.Serve(ctx, l) }, trouble, nil
}

// certificate is read again when one of its files is replaced: one that is renewed every few weeks needs no restart.
type certificate struct {
	files config.Dashboard
	say   func(error)

	mu    sync.Mutex
	tried [2]time.Time // when the files were written that were read last, with success or without
	again time.Time    // when they are read again though they are the same; zero: they could be read
	pair  *tls.Certificate
}

// readAgain is how long what can't be read is left alone: who may read a file changes without its time.
const readAgain = time.Minute

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	written := [2]time.Time{writtenAt(c.files.Certificate), writtenAt(c.files.Key)}
	if c.pair != nil && written == c.tried && (c.again.IsZero() || time.Now().Before(c.again)) {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.Certificate, c.files.Key)
	switch {
	case err == nil:
		c.pair, c.again = &pair, time.Time{}
	case c.pair == nil:
		return nil, err
	default:
		if written != c.tried { // said once for each file
			c.say(err)
		}
		c.again = time.Now().Add(readAgain)
	}
	c.tried = written
	return c.pair, nil
}

// trouble looks whether there is a new pair, also where no browser comes, and says that it can't be read and until when the old one is good.
func (c *certificate) trouble() string {
	_, _ = c.get(nil) // it is kept, or there was none at the start
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.again.IsZero() {
		return ""
	}
	text := "can't read the dashboard's new certificate"
	if c.pair.Leaf != nil {
		text += ", and uses the one that ends on " + c.pair.Leaf.NotAfter.Local().Format("2006-01-02")
	}
	return text
}

// writtenAt gives when a file was written; the zero time where it isn't there. It is a time of the wall clock alone, and so can be compared by ==.
func writtenAt(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
