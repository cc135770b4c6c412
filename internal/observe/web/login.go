package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	// fewTries and nextTry bound the log-ins that fail from one address: five at once, then one each 12 s.
	fewTries = 5
	nextTry  = 12 * time.Second
	// allTries and allNext bound them from all addresses together, and with them what a flood can make this process compute.
	allTries = 50
	allNext  = time.Second
	// maxAddresses bounds the addresses of which failures are remembered.
	maxAddresses = 10_000
	// maxPassword is what bcrypt takes into account, in bytes.
	maxPassword = 72
)

// allowance is how many log-ins may fail: it fills up with time (a token bucket).
type allowance struct {
	left float64
	at   time.Time
}

// fill adds what came since, up to most, one each period.
func (a *allowance) fill(now time.Time, most float64, period time.Duration) {
	a.left = min(a.left+float64(now.Sub(a.at))/float64(period), most)
	a.at = now
}

// logins checks passwords, one at a time: each takes a quarter of a second of a processor.
type logins struct {
	check sync.Mutex

	mu   sync.Mutex
	all  allowance
	from map[netip.Prefix]*allowance
}

// begin takes one try from the address; wait is after how long there is one again, 0: there is one. One that succeeds is given back by undo.
func (l *logins) begin(from netip.Prefix, now time.Time) (wait time.Duration, undo func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.from == nil {
		l.from, l.all = map[netip.Prefix]*allowance{}, allowance{allTries, now}
	}
	if len(l.from) >= maxAddresses {
		for address, a := range l.from {
			if a.fill(now, fewTries, nextTry); a.left >= fewTries {
				delete(l.from, address)
			}
		}
	}
	one := l.from[from]
	if one == nil {
		one = &allowance{fewTries, now}
		if len(l.from) < maxAddresses { // else the bound on all counts alone
			l.from[from] = one
		}
	}
	one.fill(now, fewTries, nextTry)
	l.all.fill(now, allTries, allNext)
	if one.left < 1 {
		return time.Duration((1 - one.left) * float64(nextTry)), nil
	}
	if l.all.left < 1 {
		return time.Duration((1 - l.all.left) * float64(allNext)), nil
	}
	one.left--
	l.all.left--
	return 0, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		one.left++
		l.all.left++
	}
}

// login takes a name and a password, and gives a cookie for them.
func (d *Dashboard) login(r *request) (*reply, error) {
	if len(d.options.Users) == 0 {
		return nil, notFound()
	}
	if err := form(r); err != nil {
		return nil, err
	}
	wait, undo := d.logins.begin(networkOf(d.client(r.Request)), d.access.now())
	if wait > 0 {
		seconds := int(wait/time.Second) + 1
		r.w.Header().Set("Retry-After", strconv.Itoa(seconds))
		return d.refusedLogin(http.StatusTooManyRequests, d.text(r.lang, "Too many log-ins failed. Try again in %d s.", seconds)), nil
	}
	release := keep(r.Request) // no more than allTries
	u, ok := d.check(r.PostForm.Get("user"), r.PostForm.Get("password"))
	release()
	if !ok {
		return d.refusedLogin(http.StatusUnauthorized, d.text(r.lang, "This name and this password don't belong together.")), nil
	}
	undo()
	may := viewer
	if u.Operator {
		may = operator
	}
	d.access.end(r.Request, d.cookieName(r.Request))
	http.SetCookie(r.w, d.cookie(r.Request, d.access.login(u.Name, may)))
	return &reply{goTo: "/"}, nil
}

// check takes as long for a name that isn't there, and for each that is: the time tells nobody which there are.
func (d *Dashboard) check(name, password string) (User, bool) {
	if len(password) > maxPassword {
		return User{}, false
	}
	hash, rest, found := hashesFor(d.options.Users, name)
	d.logins.check.Lock()
	defer d.logins.check.Unlock()
	right := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	for _, other := range rest {
		_ = bcrypt.CompareHashAndPassword([]byte(other), []byte(password)) // for the time that it takes
	}
	if found < 0 || !right {
		return User{}, false
	}
	return d.options.Users[found], true
}

// hashesFor gives the hash of the user, one that nobody has for a name that isn't there (found is -1 then), and what is to be computed after it, so that
// each name costs what the costliest hash does: one more in the cost doubles the work, and 2ⁿ + 2ⁿ + 2ⁿ⁺¹ + … + 2ᵐ⁻¹ is 2ᵐ.
func hashesFor(users []User, name string) (hash string, rest []string, found int) {
	most := bcrypt.MinCost
	for _, u := range users {
		if cost, err := bcrypt.Cost([]byte(u.Hash)); err == nil {
			most = max(most, cost)
		}
	}
	found = slices.IndexFunc(users, func(u User) bool { return u.Name == name })
	if found < 0 {
		return nobodysHash(most), nil, found
	}
	hash = users[found].Hash
	if cost, err := bcrypt.Cost([]byte(hash)); err == nil {
		for ; cost < most; cost++ {
			rest = append(rest, nobodysHash(cost))
		}
	}
	return hash, rest, found
}

// nobodysHash is a hash of this cost. To find a password for it is as hard as for any other, and it would let nobody in.
func nobodysHash(cost int) string {
	return fmt.Sprintf("$2a$%02d$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", cost)
}

func (d *Dashboard) refusedLogin(status int, why string) *reply {
	answer := d.outside()
	answer.status, answer.data = status, outsideView{Users: true, Failed: why}
	return answer
}
