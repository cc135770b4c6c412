package web

import (
	"net/http"

	"github.com/daruma-sh/daruma/internal/observe/hosts"
)

// policy has the browser refuse whatever isn't in a file of ours: no script and no style within a page, no frame, no form to elsewhere. With Trusted Types
// the script itself can make HTML only of what the server sent.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types daruma"

// guard refuses requests that no page of ours makes, and sets what is the same in every answer.
func (d *Dashboard) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection() // POST: Sec-Fetch-Site, or Origin beside Host
	checked := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin") // no-referrer would make the Origin of our own forms "null"
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !hosts.Listed(r.Host, d.options.Hosts):
			// A page of another site can have its own name resolve to this machine (DNS rebinding): then its Origin is its Host, and only the name tells.
			http.Error(w, "this is no name of this dashboard: add it to dashboard.hosts in observe.yaml", http.StatusMisdirectedRequest)
		case foreign(r):
			http.Error(w, "another site sent this request", http.StatusForbidden)
		default:
			checked.ServeHTTP(w, r)
		}
	})
}

// foreign says whether the browser tells that another site sent the request (Fetch Metadata, w3.org/TR/fetch-metadata). Following a link to us is
// allowed. Another port of this host is another site, too, which cookies don't know.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	linked := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	return !linked
}
