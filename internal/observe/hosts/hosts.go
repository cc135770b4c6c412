// Package hosts decides for which names of this machine the observer answers.
//
// A page of another site can have its own name resolve to this machine (DNS rebinding). Its browser then takes this machine's answers for the site's own,
// and lets the page read them, also where only this machine can reach the address. Only the Host of the request tells.
package hosts

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Listed says whether the Host of a request is one of the names, which are in lower case and without port. Its own port may be any: a tunnel has another.
func Listed(host string, names []string) bool { return slices.Contains(names, name(host)) }

// name takes the port off a Host, and the dot that says that a name is whole (RFC 1034, 3.1): it names the same machine.
func name(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Guard has next answer requests for one of the names, and those for an address: no name of somebody else's leads to one. So it does those without a Host,
// as HTTP/1.0 has them and the checks of load balancers send them: every browser says what it asks for. All others get 421 (RFC 9110, 15.5.20) with the
// hint, which says what to do.
func Guard(names []string, hint string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := netip.ParseAddr(name(r.Host)); err != nil && r.Host != "" && !Listed(r.Host, names) {
			w.Header().Set("X-Content-Type-Options", "nosniff")
			http.Error(w, hint, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
