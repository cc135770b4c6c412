package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/version"
)

const (
	maxAnswer  = 64 << 10         // bytes of an answer that are read
	maxAfter   = 15 * time.Minute // the longest that a receiver's Retry-After is obeyed
	throttled  = time.Minute      // how long a chat is left alone that says "too many" in its own words
	maxExcerpt = 200              // bytes of an answer in an error
)

// poster sends JSON to one address.
type poster struct {
	client *http.Client
	now    func() time.Time
}

// newPoster gives a poster that follows no redirect: what is sent, and the address itself, are for the receiver alone. It takes the proxy
// that the environment names.
func newPoster() poster {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.IdleConnTimeout = 1, 30*time.Second
	transport.MaxResponseHeaderBytes = 32 << 10
	return poster{
		client: &http.Client{
			Transport:     transport,
			Timeout:       Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: time.Now,
	}
}

// answer is what the receiver said with a status of 2xx.
type answer struct {
	status int
	body   []byte
}

// post sends v as JSON. Whatever isn't a status of 2xx is an error.
func (p poster) post(ctx context.Context, address string, v any, header http.Header) (*answer, error) {
	body, err := marshal(v)
	if err != nil {
		return nil, err
	}
	return p.postBytes(ctx, address, body, header)
}

func (p poster) postBytes(ctx context.Context, address string, body []byte, header http.Header) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is none: it should begin with https://") // err repeats it
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "daruma-observe/"+strings.TrimPrefix(version.Version(), "v"))
	response, err := p.client.Do(request)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, withoutAddress(err)
	}
	if response.StatusCode/100 == 2 {
		return &answer{response.StatusCode, text}, nil
	}
	return nil, p.problem(response, text)
}

// withoutAddress takes the address, which is a secret, out of an error of net/http.
func withoutAddress(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		return failed("no answer within %v", Timeout)
	}
	return err
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// problem explains a status that isn't a success.
func (p poster) problem(response *http.Response, text []byte) error {
	e := failed("it answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	switch code := response.StatusCode; {
	case code/100 == 3:
		e.Text += ": redirects aren't followed; give the final address"
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		e.After = p.retryAfter(response.Header.Get("Retry-After"))
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		e.Text += ": is the address, or the secret, still the right one?"
	case code == http.StatusRequestTimeout, code/100 == 5:
	default:
		e.Refuse = true
	}
	if said := plaintext.Excerpt(text, maxExcerpt); said != "" && len(text) < maxAnswer {
		e.Text += " (" + said + ")"
	}
	return e
}

// retryAfter reads the header: seconds, or a date (RFC 9110, 10.2.3).
func (p poster) retryAfter(value string) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(p.now())
	}
	return min(max(d, 0), maxAfter)
}

// marshal writes JSON without turning <, > and & into \u003c and the like, which would count sixfold against the limits.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
