package web

import (
	"net/http"
	"strings"
)

// outsideView is the page for who has not come in.
type outsideView struct {
	Users  bool   // they come in with a name and a password
	Failed string // why the last try didn't do
}

// outside is the page for who has not come in.
func (d *Dashboard) outside() *reply {
	return &reply{template: "outside.html", title: "daruma", status: http.StatusUnauthorized, data: outsideView{Users: len(d.options.Users) > 0}}
}

// enter takes a token and gives a cookie for it.
//
// It answers with a page that goes on by itself. A redirect wouldn't do: a browser that came from a link elsewhere sends no SameSite=Strict cookie
// to where a redirect leads.
func (d *Dashboard) enter(r *request) (*reply, error) {
	if r.Method == http.MethodHead { // of something that looks whether the link leads anywhere, before the browser opens it
		return &reply{template: "entered.html", title: "daruma"}, nil
	}
	secret, ok := d.access.redeem(r.URL.Query().Get("token"))
	if !ok {
		return nil, &problem{status: http.StatusForbidden, text: "This link was used already, or is too old. Run daruma ui again for a new one."}
	}
	http.SetCookie(r.w, d.cookie(r.Request, secret))
	return &reply{template: "entered.html", title: "daruma"}, nil
}

// leave forgets the session.
func (d *Dashboard) leave(r *request) (*reply, error) {
	d.access.end(r.Request, d.cookieName(r.Request))
	gone := d.cookie(r.Request, "")
	gone.MaxAge = -1
	http.SetCookie(r.w, gone)
	return &reply{goTo: "/"}, nil
}

// maxForm bounds a form, in bytes.
const maxForm = 16 << 10

// form reads a form.
func form(r *request) error {
	r.Body = http.MaxBytesReader(r.w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return &problem{status: http.StatusBadRequest, text: "The form can't be read.", detail: err.Error()}
	}
	return nil
}

// language keeps which language is wanted, and goes back to the page.
func (d *Dashboard) language(r *request) (*reply, error) {
	if err := form(r); err != nil {
		return nil, err
	}
	lang := english
	if r.PostForm.Get("to") == mandarin {
		lang = mandarin
	}
	http.SetCookie(r.w, &http.Cookie{Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
		Secure: d.secure(r.Request), SameSite: http.SameSiteStrictMode})
	return &reply{goTo: ownPath(r.PostForm.Get("back"))}, nil
}

// ownPath gives the path back where it is one of ours, and / otherwise: "//host" and "/\host" lead a browser elsewhere.
func ownPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, func(c rune) bool { return c == '\\' || c <= ' ' || c == 0x7f }) {
		return "/"
	}
	return path
}
