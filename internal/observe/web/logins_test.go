package web

import (
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Behind a proxy that is trusted each client has an allowance of its own and a Secure cookie; nobody else's headers are believed.
func TestProxy(t *testing.T) {
	d := &Dashboard{options: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}}}
	for _, c := range []struct {
		peer      string
		forwarded []string
		proto     []string
		client    string
		secure    bool
	}{
		{"127.0.0.1:80", []string{"203.0.113.7"}, []string{"https"}, "203.0.113.7", true},
		{"127.0.0.1:80", []string{"1.1.1.1, 203.0.113.7, 10.1.2.3"}, []string{"http"}, "203.0.113.7", false}, // the client wrote the first itself
		{"127.0.0.1:80", []string{"1.1.1.1", "203.0.113.7"}, []string{"HTTPS"}, "203.0.113.7", true},
		{"127.0.0.1:80", nil, nil, "127.0.0.1", false},
		{"127.0.0.1:80", []string{"203.0.113.7, unknown"}, []string{"https", "http"}, "127.0.0.1", false},
		{"127.0.0.1:80", []string{"10.9.9.9"}, []string{"https, http"}, "10.9.9.9", false}, // a proxy itself asks
		{"[::ffff:127.0.0.1]:80", []string{"2001:db8::1"}, []string{"https"}, "2001:db8::1", true},
		{"127.0.0.1:80", []string{"1.1.1.1:5, 203.0.113.7:51234"}, []string{"https"}, "203.0.113.7", true}, // as IIS with ARR and Azure write it
		{"127.0.0.1:80", []string{"[2001:db8::1]:51234, 10.1.2.3:80"}, []string{"https"}, "2001:db8::1", true},
		{"127.0.0.1:80", []string{"[2001:db8::1]"}, []string{"https"}, "2001:db8::1", true},
		{"127.0.0.1:80", []string{"[::ffff:203.0.113.7]:5"}, []string{"https"}, "203.0.113.7", true},
		{"127.0.0.1:80", []string{"203.0.113.7:"}, []string{"https"}, "127.0.0.1", true},
		{"203.0.113.9:80", []string{"127.0.0.1"}, []string{"https"}, "203.0.113.9", false}, // not a proxy
		{"", []string{"203.0.113.7"}, []string{"https"}, "invalid IP", false},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded, "X-Forwarded-Proto": c.proto}}
		if got, secure := d.client(r).String(), d.secure(r); got != c.client || secure != c.secure {
			t.Errorf("%s %q %q: %s %v, want %s %v", c.peer, c.forwarded, c.proto, got, secure, c.client, c.secure)
		}
		name, cookie := d.cookieName(r), d.cookie(r, "x")
		if cookie.Secure != c.secure || strings.HasPrefix(name, "__Host-") != c.secure {
			t.Errorf("%s: cookie %s", c.peer, cookie)
		}
	}
}

// Clients behind a proxy that is trusted don't use up each other's allowance, and one that isn't a proxy gets none by saying it is many.
func TestLoginsBehindAProxy(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for name, c := range map[string]struct {
		proxies []netip.Prefix
		other   int // the status for another client
	}{"trusted": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, 401}, "not trusted": {nil, 429}} {
		_, in := open(t, Options{Users: []User{{Name: "ann", Hash: nobodysHash(bcrypt.MinCost)}}, Proxies: c.proxies})
		b := &browser{t: t, server: in.server}
		login := func(from string) int {
			answer, _ := b.do("POST", "/login", func(r *http.Request) { r.Header.Set("X-Forwarded-For", from) }, "user=ann&password=wrong")
			return answer.StatusCode
		}
		for range fewTries {
			login("203.0.113.7")
		}
		if own, other := login("203.0.113.7"), login("203.0.113.8"); own != 429 || other != c.other {
			t.Errorf("%s: %d for the client that failed, %d for another", name, own, other)
		}
	}
}

// Each name costs what the costliest hash does, whether it is there or not.
func TestEachNameCostsTheSame(t *testing.T) {
	users := []User{{Name: "cheap", Hash: nobodysHash(4)}, {Name: "dear", Hash: nobodysHash(12)}, {Name: "middle", Hash: nobodysHash(10)}}
	for _, name := range []string{"cheap", "dear", "middle", "nobody", ""} {
		hash, rest, found := hashesFor(users, name)
		work := 0
		for _, h := range append(rest, hash) {
			cost, err := bcrypt.Cost([]byte(h))
			if err != nil {
				t.Fatal(err)
			}
			work += 1 << cost
			if err := bcrypt.CompareHashAndPassword([]byte(h), []byte("x")); cost < 10 && err != bcrypt.ErrMismatchedHashAndPassword {
				t.Errorf("%s: %v", h, err) // an error before the work would take no time
			}
		}
		if work != 1<<12 || found >= 0 != (name != "nobody" && name != "") {
			t.Errorf("%q: %d rounds, found %d", name, work, found)
		}
	}
}

// Passwords are guessed no faster than the bounds allow, and no answer tells which names there are.
func TestLogins(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	d, in := open(t, Options{Users: []User{{Name: "ann", Hash: string(hash), Operator: true}, {Name: "bob", Hash: string(hash)}}})
	now := time.Now()
	d.access.now = func() time.Time { return now }
	b := &browser{t: t, server: in.server}
	login := func(user, password string) (*http.Response, string) {
		return b.do("POST", "/login", nil, url.Values{"user": {user}, "password": {password}}.Encode())
	}
	if answer, text := b.do("GET", "/", nil); answer.StatusCode != 401 || !strings.Contains(text, `action="/login"`) {
		t.Errorf("%s\n%s", answer.Status, text)
	}
	for range fewTries + 3 { // those that succeed don't count
		if answer, _ := login("ann", "correct horse"); answer.StatusCode != 303 {
			t.Fatal(answer.Status)
		}
	}
	_, unknown := login("nobody", "correct horse")
	_, wrong := login("ann", "wrong")
	if unknown != wrong {
		t.Errorf("they differ:\n%s\n%s", unknown, wrong)
	}
	for _, password := range []string{"", strings.Repeat("x", 1000), "correct horse\x00x"} {
		if answer, _ := login("bob", password); answer.StatusCode != 401 {
			t.Errorf("%q: %s", password, answer.Status)
		}
	}
	if answer, _ := login("ann", "correct horse"); answer.StatusCode != 429 || answer.Header.Get("Retry-After") == "" {
		t.Error("after", fewTries, "failures:", answer.Status)
	}
	now = now.Add(nextTry)
	answer, _ := login("bob", "correct horse")
	if answer.StatusCode != 303 {
		t.Fatal("later:", answer.Status)
	}
	b.cookie = answer.Cookies()[0]
	wantsNot(t, b.page("/services/shop"), "/order")
	for _, method := range []string{"GET", "POST"} {
		if answer, _ := b.do(method, "/services/shop/order?program=api", nil, "program=api&verb=stop&reason=x"); answer.StatusCode != 403 {
			t.Error("a viewer's order:", method, answer.Status)
		}
	}
	for range allTries + 10 { // from many addresses
		d.logins.begin(netip.PrefixFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, rand.Uint32()))), 32), now)
	}
	if answer, _ := login("ann", "x"); answer.StatusCode != 429 {
		t.Error("a flood:", answer.Status)
	}
	if answer, _ := in.do("POST", "/login", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, "user=ann&password=correct+horse"); answer.StatusCode != 403 {
		t.Error("another site's form:", answer.Status)
	}
}

// What is remembered of addresses is bounded, whoever has as many as he likes.
func TestManyAddresses(t *testing.T) {
	var l logins
	now := time.Now()
	for i := range 3 * maxAddresses {
		now = now.Add(allNext) // the bound on all is another test's
		l.begin(netip.PrefixFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i)))), 32), now)
	}
	if len(l.from) > maxAddresses {
		t.Errorf("%d addresses are remembered", len(l.from))
	}
	d := &Dashboard{}
	a := networkOf(d.client(&http.Request{RemoteAddr: "[2001:db8:1:2:3::4]:5"}))
	if b := networkOf(d.client(&http.Request{RemoteAddr: "[2001:db8:1:2:ffff::1]:5"})); a != b || !a.IsValid() {
		t.Errorf("one network has two bounds: %v %v", a, b)
	}
}
