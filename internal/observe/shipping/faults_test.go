package shipping

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestReceiverIsIll: whatever a receiver does instead of taking lines, they arrive when it is well again, once and in order, and the observer's log says
// in words what was wrong, once.
func TestReceiverIsIll(t *testing.T) {
	answer := func(status int, header, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		says   string
		waits  time.Duration
	}{
		"busy":           {answer(429, "Retry-After: 90", "slow\x1b[31m down"), "it answers 429 Too Many Requests (slow", 90 * time.Second},
		"busy for ever":  {answer(503, "Retry-After: 99999999999", ""), "it answers 503 Service Unavailable", 15 * time.Minute},
		"busy beyond 64": {answer(503, "Retry-After: 99999999999999999999", ""), "it answers 503 Service Unavailable", 15 * time.Minute},
		"busy for never": {answer(503, "Retry-After: -9", ""), "it answers 503 Service Unavailable", time.Second / 2},
		"busy for long":  {answer(503, "Retry-After: 9999999", ""), "it answers 503 Service Unavailable", 15 * time.Minute},
		"broken":         {answer(500, "", "oops"), "it answers 500 Internal Server Error (oops)", time.Second / 2},
		"no rights":      {answer(401, "", ""), "is the secret still the right one", time.Second / 2},
		"elsewhere":      {answer(404, "", ""), "is url the right address?", time.Second / 2},
		"redirect":       {answer(301, "Location: http://127.0.0.1:1/elsewhere", ""), "redirects aren't followed; give the final address as url", time.Second / 2},
		"redirect loop":  {answer(307, "Location: /", ""), "redirects aren't followed", time.Second / 2},
		"a page":         {answer(200, "Content-Type: text/html", "<html>log in</html>"), "", time.Second / 2},
		"hangs up":       {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "EOF", time.Second / 2},
		"an endless one": {func(w http.ResponseWriter) { flood(w) }, "its answer is longer than 16 MiB", time.Second / 2},
		"hangs":          {nil, "no answer within 1s", time.Second / 2},
	} {
		for _, kind := range Types() {
			if name == "an endless one" && kind == "otlp" {
				continue // the same as of elasticsearch
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				m, s, log := newMachine(t), newStore(t), &said{t: t}
				ill := 2 // requests
				if name == "hangs" || name == "an endless one" {
					ill = 1 // it takes its time
				}
				s.before = func(w http.ResponseWriter, _ string, n int) bool {
					if n > ill {
						return true
					}
					if c.answer == nil {
						time.Sleep(1100 * time.Millisecond) // sleep: the sender waits less
						return false
					}
					c.answer(w)
					return false
				}
				want := m.write(m.log("shop", "api"), "api", 0, 300)
				start(t, m, t.TempDir(), log, target(s.URL, ofType(kind), func(t *Target) {
					if c.answer == nil {
						t.Timeout = time.Second
					}
				}))
				s.await(300)
				if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) {
					t.Errorf("%d lines, want %d", len(got), len(want))
				}
				log.await(2)
				all := log.all()
				if !strings.Contains(all, c.says) || strings.Contains(all, "\x1b") || !strings.Contains(log.list[1], "it arrives again, after") {
					t.Errorf("%q", all)
				}
				if len(log.list) != 2 || len(log.waits) != ill || log.waits[0] < c.waits || log.waits[0] > c.waits+time.Second {
					t.Errorf("%q; waits %v", all, log.waits)
				}
			})
		}
	}
}

func flood(w http.ResponseWriter) {
	for range 17 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return
		}
	}
}

// TestBusyWhenABatchIsDivided: a receiver that refuses a batch as a whole, and is busy when its parts are sent, gets the time that it asks for.
func TestBusyWhenABatchIsDivided(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			s.before = func(w http.ResponseWriter, _ string, n int) bool {
				switch n {
				case 1:
					http.Error(w, "no", http.StatusRequestEntityTooLarge)
				case 3: // the second half
					w.Header().Set("Retry-After", "90")
					http.Error(w, "slow down", http.StatusTooManyRequests)
				}
				return n != 1 && n != 3
			}
			want := m.write(m.log("shop", "api"), "api", 0, 100)
			start(t, m, t.TempDir(), log, target(s.URL, ofType(kind)))
			s.await(100)
			log.await(2)
			if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) {
				t.Errorf("%d lines, want %d", len(got), len(want))
			}
			if len(log.waits) != 1 || log.waits[0] < 90*time.Second || !strings.Contains(log.all(), "it answers 429") {
				t.Errorf("%q; waits %v", log.all(), log.waits)
			}
		})
	}
}

// TestRefusedRecordIsLeftOut: the receiver refuses some records whenever they are sent. The others arrive, and it is said which are left out.
func TestRefusedRecordIsLeftOut(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			s.refuse = func(text string) int {
				if strings.HasSuffix(text, "77") {
					return 400
				}
				return 0
			}
			s.before = func(w http.ResponseWriter, body string, _ int) bool { // of OTLP's, the whole request
				if kind == "otlp" && strings.Contains(body, "77") && strings.Contains(body, "api 77") {
					http.Error(w, "bad record", http.StatusBadRequest)
					return false
				}
				return true
			}
			lines := m.write(m.log("shop", "api"), "api", 0, 100)
			start(t, m, t.TempDir(), log, target(s.URL, ofType(kind), func(t *Target) { t.Gzip = false }))
			s.await(99)
			log.await(1)
			want := slices.DeleteFunc(lines, func(line string) bool { return line == "api 77" })
			got := s.texts("shop/api@web-1")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
			if !strings.Contains(log.all(), "1 records are refused and left out, the first is of shop/api, file 1, byte 529: it answers 400") {
				t.Error(log.all())
			}
		})
	}
}

// TestReceiverThatRefusesEverything: nothing is left out for it, and all arrives when it is set right. The same holds for one line alone, until
// another one shows that it was this line.
func TestReceiverThatRefusesEverything(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			refused := make(chan struct{})
			right := make(chan struct{})
			s.before = func(w http.ResponseWriter, body string, n int) bool {
				if n == 40 {
					close(refused)
					<-right
				}
				if n > 40 && !strings.Contains(body, "poison") {
					return true
				}
				if n > 40 {
					s.refuse = func(text string) int { return map[bool]int{true: 400}[strings.HasPrefix(text, "poison")] }
					if kind == "elasticsearch" {
						return true
					}
				}
				http.Error(w, "no", http.StatusBadRequest)
				return false
			}
			api := m.log("shop", "api")
			want := m.write(api, "api", 0, 500)
			start(t, m, t.TempDir(), log, target(s.URL, ofType(kind), func(t *Target) { t.Gzip = false }))
			<-refused
			close(right)
			s.await(500)
			m.write(api, "poison", 0, 1)
			log.await(3) // it doesn't arrive, it does again, and now the poisoned line doesn't
			want = append(want, m.write(api, "api", 500, 501)...)
			s.await(501)
			log.await(5)
			got := s.texts("shop/api@web-1")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%d lines, want %d", len(got), len(want))
			}
			if all := log.all(); strings.Count(all, "left out") != 1 || !strings.Contains(all, "1 records are refused and left out") {
				t.Error(all)
			}
		})
	}
}

// TestRefusedRecordFillsABatch: a line as long as a batch is refused, and left out like any other when the lines after it show that it is this
// line.
func TestRefusedRecordFillsABatch(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			s.before = func(w http.ResponseWriter, body string, _ int) bool {
				if strings.Contains(body, "poison") {
					http.Error(w, "too long", http.StatusRequestEntityTooLarge)
					return false
				}
				return true
			}
			api := m.log("shop", "api")
			m.write(api, "poison "+strings.Repeat("x", 2*minBatch), 0, 1)
			want := m.write(api, "api", 0, 100)
			start(t, m, t.TempDir(), log, target(s.URL, ofType(kind), func(t *Target) { t.Gzip, t.MaxBatch = false, minBatch }))
			s.await(100)
			got := s.texts("shop/api@web-1")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%d lines, want %d", len(got), len(want))
			}
			for n := 1; !strings.Contains(log.all(), "1 records are refused and left out"); n++ {
				log.await(n) // it is said after the store has the others
			}
		})
	}
}

// TestCertificates: an expired one, and one that nobody signed.
func TestCertificates(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		from, to time.Duration // from now
		trusted  bool
		says     string
	}{
		"expired":   {-2 * day, -day, true, "renew it, or set this machine's clock"},
		"too early": {day, 2 * day, true, "its certificate isn't valid now, but from "},
		"untrusted": {-day, day, false, "its certificate isn't trusted: "},
		"good":      {-day, day, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certificate, authority := selfSigned(t, time.Now().Add(c.from), time.Now().Add(c.to))
			m, s, told := newMachine(t), newStore(t), &said{t: t}
			server := httptest.NewUnstartedServer(s)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			m.write(m.log("shop", "api"), "api", 0, 10)
			start(t, m, t.TempDir(), told, target(server.URL, func(t *Target) {
				if c.trusted {
					t.CAFile = authority
				}
			}))
			if c.says == "" {
				s.await(10)
				return
			}
			told.await(1)
			if !strings.Contains(told.all(), c.says) {
				t.Error(told.all())
			}
		})
	}
}

// selfSigned makes a certificate for 127.0.0.1, and a file with it.
func selfSigned(t *testing.T, from, to time.Time) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "store"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}
