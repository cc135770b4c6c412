// Package web is the dashboard: pages in a browser with all services of this machine, what is wrong first, kept up to date; each with its programs and
// live logs; and orders to them, where the viewer may.
//
// Pages are made here and whole (html/template), and work without script. The script, some hundred lines, has them kept up to date: the server sends
// the pieces of a page that changed. Nothing comes from elsewhere, and the browser is told to refuse what isn't in a file of ours (Content-Security-Policy).
//
// Who comes in has a cookie, for a token that works once ([Dashboard.Token]) or for a name and a password ([Options.Users]). Beyond that a request must
// name an allowed host, against DNS rebinding, and a browser must not say that another site sent it. What a page shows of programs is somebody else's
// text: it is escaped as text, and control characters are made visible.
//
// # To add a page
//
// Give [Options.Pages] one: a function that makes its body. A part of each service's page is one of [Options.Panels].
package web
