package channel

import (
	"context"
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// slack is an incoming webhook of Slack (docs.slack.dev, "Sending messages using incoming webhooks").
type slack struct {
	poster
	address string
}

// slackLimit is below the 3,000 characters of a section's text.
const slackLimit = 2900

func (c *slack) Room() int { return 30 }

func (c *slack) Send(ctx context.Context, m notice.Message) error {
	_, err := c.post(ctx, c.address, slackBody(m), nil)
	return err
}

// slackBody has mrkdwn with all that is special escaped; verbatim keeps Slack from making links and mentions of what looks like them.
func slackBody(m notice.Message) map[string]any {
	m = cleaned(m)
	signs := map[notice.Level]string{notice.Bad: "🔴 ", notice.Good: "🟢 ", notice.Neutral: "🔵 "}
	title := signs[m.Level] + m.Title
	section := fit(m, slackLimit, func(m notice.Message) string {
		var b strings.Builder
		b.WriteString("```")
		for _, f := range m.Facts {
			b.WriteString(slackEscape(factLine(f)) + "\n")
		}
		for _, s := range m.Output {
			b.WriteString("  " + slackEscape(s) + "\n")
		}
		if m.Command != "" {
			b.WriteString("$ " + slackEscape(m.Command) + "\n")
		}
		return strings.TrimSuffix(b.String(), "\n")
	}) + "```"
	return map[string]any{
		"text": slackEscape(title), // for notifications
		"blocks": []any{
			map[string]any{"type": "header", "text": map[string]any{"type": "plain_text", "text": notice.Clip(title, 140), "emoji": false}},
			map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": section, "verbatim": true}},
		},
		"unfurl_links": false, "unfurl_media": false, "link_names": false,
	}
}

// slackEscape escapes the three characters that are special (docs.slack.dev, "Formatting message text"): mentions and links need < and >.
func slackEscape(s string) string {
	s = strings.ReplaceAll(unfenced(s), "&", "&amp;")
	return strings.ReplaceAll(strings.ReplaceAll(s, "<", "&lt;"), ">", "&gt;")
}
