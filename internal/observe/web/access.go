package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// role is what somebody may do in the dashboard.
type role int

const (
	nobody   role = iota // has not come in
	viewer               // sees
	operator             // gives orders, too
)

const (
	tokenLife   = 10 * time.Minute // how long a token waits for its browser
	sessionLife = 12 * time.Hour   // from coming in
	maxSessions = 1000             // the one that ends first goes then
)

// User is somebody who comes in with a password.
type User struct {
	Name     string
	Hash     string // of bcrypt
	Operator bool   // may give orders
}

// session is what is known of who came in.
type session struct {
	user string
	role role
	ends time.Time
	left context.Context // ends when who came in leaves
	end  context.CancelFunc
}

// key is what is kept of a secret: who reads this process' memory dump or log finds no cookie.
type key [sha256.Size]byte

func keyOf(secret string) key { return sha256.Sum256([]byte(secret)) }

// access knows who may come in and who has.
type access struct {
	now func() time.Time

	mu       sync.Mutex
	tokens   map[key]session // that nobody has used; ends is when they stop to be good
	sessions map[key]session
}

func newAccess() *access {
	return &access{now: time.Now, tokens: map[key]session{}, sessions: map[key]session{}}
}

// token makes a token for the user, who is an operator.
func (a *access) token(user string) string {
	token := rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens[keyOf(token)] = session{user: user, role: operator, ends: a.now().Add(tokenLife)}
	return token
}

// redeem takes the token, which is good once, and gives the secret of a session for it.
func (a *access) redeem(token string) (secret string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.tokens[keyOf(token)]
	delete(a.tokens, keyOf(token))
	if !ok || a.now().After(s.ends) {
		return "", false
	}
	return a.begin(s), true
}

// login gives the secret of a session for a user whose password was right.
func (a *access) login(user string, may role) (secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.begin(session{user: user, role: may})
}

// begin is called with mu held.
func (a *access) begin(s session) (secret string) {
	now := a.now()
	first, when := key{}, now.Add(2*sessionLife)
	for k, other := range a.sessions {
		if now.After(other.ends) {
			a.forget(k)
		} else if other.ends.Before(when) {
			first, when = k, other.ends
		}
	}
	if len(a.sessions) >= maxSessions {
		a.forget(first)
	}
	secret, s.ends = rand.Text(), now.Add(sessionLife)
	s.left, s.end = context.WithCancel(context.Background())
	a.sessions[keyOf(secret)] = s
	return secret
}

// of gives the session of a request; its role is nobody where there is none.
func (a *access) of(r *http.Request, cookie string) session {
	c, err := r.Cookie(cookie)
	if err != nil {
		return session{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[keyOf(c.Value)]
	if !ok || a.now().After(s.ends) {
		return session{}
	}
	return s
}

// end forgets the session of a request.
func (a *access) end(r *http.Request, cookie string) {
	if c, err := r.Cookie(cookie); err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.forget(keyOf(c.Value))
	}
}

// forget ends a session, and what is open for it. It is called with mu held.
func (a *access) forget(k key) {
	if s, ok := a.sessions[k]; ok {
		s.end()
		delete(a.sessions, k)
	}
}

// cookieName is the cookie's name. With __Host- a browser takes it over TLS alone and from no other host (RFC 6265bis, 4.1.3.2).
func (d *Dashboard) cookieName(r *http.Request) string {
	if d.secure(r) {
		return "__Host-daruma"
	}
	return "daruma"
}

// cookie is the session's cookie: no script reads it, no other site's page sends it, and the browser forgets it when it ends.
func (d *Dashboard) cookie(r *http.Request, secret string) *http.Cookie {
	return &http.Cookie{Name: d.cookieName(r), Value: secret, Path: "/", HttpOnly: true, Secure: d.secure(r), SameSite: http.SameSiteStrictMode}
}
