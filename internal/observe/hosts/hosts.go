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

// Listed says whether the Host of a request is one of the names, which are without port. Its own port may be any: a tunnel has another.
func Listed(host string, names []string) bool {
	asked := name(host)
	return asked != "" && slices.ContainsFunc(names, func(one string) bool { return name(one) == asked })
}

// name gives a Host in the form in which it can be compared: without port, in lower case and without the dot that says that it is whole (RFC 1034, 3.1); an
// address in its shortest form (RFC 5952), as browsers write it, and without zone, which they don't send.
func name(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().WithZone("").String()
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
