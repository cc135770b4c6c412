// Package receiver sends requests to what stores logs, one at a time, and puts into words what goes wrong: no answer, a redirect, a status, a
// certificate.
package receiver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	maxAnswer  = 16 << 20         // bytes of an answer that are read: Elasticsearch names each record
	maxAfter   = 15 * time.Minute // the longest that a receiver's Retry-After is obeyed
	maxExcerpt = 200              // bytes of an answer in an error
)

// Receiver sends to one address. Its methods are called by one goroutine.
type Receiver struct {
	config Config
	url    string
	client *http.Client
	zipper *gzip.Writer
	zipped bytes.Buffer
}

// New gives a receiver that sends to the address of the configuration with more of a path and query. It follows no redirect: what is sent,
// and the secret with it, are for this address alone.
func New(c Config, more string) (*Receiver, error) {
	t, err := c.transport()
	if err != nil {
		return nil, err
	}
	return &Receiver{config: c, url: c.URL + more, client: &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Answer is what was said with a status of 2xx.
type Answer struct {
	ContentType string
	Body        []byte
}

// Problem is why a request had no success.
type Problem struct {
	Text    string
	After   time.Duration // not again before; 0: it said nothing of that
	Status  int           // of the answer; 0: there was none that could be read
	Content bool          // it is what was sent that it doesn't take
}

func (p *Problem) Error() string { return p.Text }

// Post sends a body. Every error is a [*Problem].
func (r *Receiver) Post(ctx context.Context, contentType string, body []byte) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	request, err := r.request(ctx, contentType, body)
	if err != nil {
		return nil, &Problem{Text: err.Error()}
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, r.unanswered(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, r.unanswered(err)
	case len(text) > maxAnswer:
		return nil, &Problem{Text: fmt.Sprintf("its answer is longer than %d MiB", maxAnswer>>20)}
	case response.StatusCode/100 == 2:
		return &Answer{response.Header.Get("Content-Type"), text}, nil
	}
	return nil, problem(response, text)
}

func (r *Receiver) request(ctx context.Context, contentType string, body []byte) (*http.Request, error) {
	if r.config.Gzip {
		body = r.zip(body)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	authorization, err := r.config.authorization()
	if err != nil {
		return nil, err
	}
	for _, h := range r.config.Headers {
		value, err := h.value()
		if err != nil {
			return nil, err
		}
		request.Header.Set(h.Name, value)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	if r.config.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", "daruma-observe")
	return request, nil
}

// zip compresses; what it gives is valid until the next call.
func (r *Receiver) zip(body []byte) []byte {
	if r.zipper == nil {
		r.zipper, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one
	}
	r.zipped.Reset()
	r.zipper.Reset(&r.zipped)
	_, _ = r.zipper.Write(body) // into memory
	_ = r.zipper.Close()
	return r.zipped.Bytes()
}

// Rest lets go of the memory that isn't needed while there is nothing to send.
func (r *Receiver) Rest() { r.zipper, r.zipped = nil, bytes.Buffer{} }

// Close closes the connection.
func (r *Receiver) Close() { r.client.CloseIdleConnections() }

// unanswered explains an error of net/http.
func (r *Receiver) unanswered(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err // without the address, which the observer's log has in the target's name
	}
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Problem{Text: fmt.Sprintf("no answer within %v", r.config.Timeout)}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &Problem{Text: fmt.Sprintf("its certificate isn't valid now, but from %s to %s: renew it, or set this machine's clock",
			invalid.Cert.NotBefore.UTC().Format(time.RFC3339), invalid.Cert.NotAfter.UTC().Format(time.RFC3339))}
	case errors.As(err, &verification):
		return &Problem{Text: fmt.Sprintf("its certificate isn't trusted: %v (caFile names the certificates to trust)", verification.Err)}
	}
	return &Problem{Text: plaintext.Line(err.Error())}
}

// problem explains a status that isn't a success.
func problem(response *http.Response, text []byte) error {
	p := &Problem{Status: response.StatusCode, Text: fmt.Sprintf("it answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))}
	switch code := response.StatusCode; {
	case code/100 == 3:
		p.Text += ": redirects aren't followed; give the final address as url"
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		p.After = retryAfter(response.Header.Get("Retry-After"), time.Now())
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		p.Text += ": is the secret still the right one, and allowed to write?"
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		p.Text += ": is url the right address?"
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		p.Content = true
	}
	if said := plaintext.Excerpt(text, maxExcerpt); said != "" {
		p.Text += " (" + said + ")"
	}
	return p
}

// retryAfter reads the header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) { // then it is the largest
		d = time.Duration(min(seconds, uint64(maxAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxAfter)
}
