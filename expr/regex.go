package expr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/usher-id/usher/attr"
)

// pattern is a compiled .NET regular expression, once with a limit of time and,
// when its form allows an estimate, once without: the limit needs a clock that
// runs in the background, which short texts and simple patterns do without.
type pattern struct {
	limited, free *regexp2.Regexp
	quantifiers   int
}

func compilePattern(text string) (compiled *pattern, err error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("the pattern is longer than %d bytes", maxPattern)
	}
	defer recoverPattern(&err)
	limited, err := regexp2.Compile(text, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("%q is not a regular expression: %w", shorten(text), err)
	}
	limited.MatchTimeout = regexMatchTimeout
	compiled = &pattern{limited: limited}
	if number, simple := countQuantifiers(text); simple {
		compiled.quantifiers = number
		compiled.free, err = regexp2.Compile(text, regexp2.None)
	}
	return compiled, err
}

// countQuantifiers counts quantifiers and back-references. The pattern is not
// simple when a group is repeated, when there are alternatives or when it sets
// options: then the number says little about the work.
func countQuantifiers(text string) (number int, simple bool) {
	previous := byte(0)
	for i := 0; i < len(text); i++ {
		current := text[i]
		switch {
		case current == '\\':
			i++
			if i < len(text) && (text[i] == 'k' || (text[i] >= '1' && text[i] <= '9')) {
				number++
			}
		case current == '|', isQuantifier(current) && previous == ')':
			return 0, false
		case current == '?' && previous == '(':
			if i+1 < len(text) && (text[i+1] == '-' || isWordCharacter(rune(text[i+1]))) {
				return 0, false // (?x) and the like change how the rest is read
			}
		case current == '?' && isQuantifier(previous):
			// It makes the quantifier lazy.
		case isQuantifier(current):
			number++
		}
		previous = current
	}
	return number, true
}

func isQuantifier(c byte) bool { return c == '*' || c == '+' || c == '?' || c == '{' }

// choose returns the pattern without limit of time when matching a text of this
// length is certain to take no more than an instant: without repeated groups the
// steps grow with the length to the power of the quantifiers.
func (p *pattern) choose(length int) *regexp2.Regexp {
	const most = 10_000_000
	if p.free == nil {
		return p.limited
	}
	steps := length + 1
	for range p.quantifiers {
		if steps *= length + 1; steps > most {
			return p.limited
		}
	}
	return p.free
}

// recoverPattern turns a panic of the regular expression library, which would
// take the whole cycle down, into an error of this one expression.
func recoverPattern(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("the pattern cannot be run: %v", fault)
	}
}

// replacer is the compiled form of a Replace with a pattern.
type replacer struct {
	call *call
	mode replaceMode
	// pattern is that of a constant; others are made at run time.
	pattern *pattern
}

func buildReplacePattern(c *call, mode replaceMode) (evaluator, error) {
	r := &replacer{call: c, mode: mode}
	var err error
	if text, ok := c.literal(replacePattern); ok {
		if r.pattern, err = compilePattern(text); err != nil {
			return nil, err
		}
		if group, ok := c.literal(replaceGroup); ok && mode != replaceMatches {
			if err := hasGroup(r.pattern, group); err != nil {
				return nil, err
			}
		}
	}
	if mode == replaceEmptySource {
		return r.evalEmptySource, nil
	}
	return r.eval, nil
}

func hasGroup(pattern *pattern, group string) error {
	if pattern.limited.GroupNumberFromName(group) >= 0 {
		return nil
	}
	return fmt.Errorf("the pattern has no group named %q", shorten(group))
}

// prepare returns the pattern and, where the mode has one, the group's name.
func (r *replacer) prepare(f *frame) (pattern *pattern, group string, err error) {
	c := r.call
	pattern = r.pattern
	if pattern == nil {
		text, err := c.text(f, replacePattern)
		if err != nil {
			return nil, "", err
		}
		if pattern, err = compilePattern(text); err != nil {
			return nil, "", c.fail("%v", err)
		}
	}
	if r.mode == replaceMatches {
		return pattern, "", nil
	}
	if group, err = c.text(f, replaceGroup); err != nil {
		return nil, "", err
	}
	if err := hasGroup(pattern, group); err != nil {
		return nil, "", c.fail("%v", err)
	}
	return pattern, group, nil
}

// eval replaces whole matches, or one group of every match.
func (r *replacer) eval(f *frame) (attr.Value, error) {
	pattern, group, err := r.prepare(f)
	if err != nil {
		return attr.Value{}, err
	}
	replacement, err := r.call.text(f, replaceValue)
	if err != nil {
		return attr.Value{}, err
	}
	parts := []templatePart{{text: replacement}}
	if r.mode == replaceMatches {
		parts = parseTemplate(replacement, pattern.limited)
	}
	return r.call.mapText(f, func(source string) (string, error) {
		out := &output{text: []rune(source)}
		err := r.each(f, pattern, out.text, func(match *regexp2.Match) bool {
			if r.mode == replaceMatches {
				return out.replace(match.Index, match.Length, match, parts)
			}
			for _, span := range captures(match, group) {
				if !out.replace(span.Index, span.Length, match, parts) {
					return false
				}
			}
			return true
		})
		if err != nil {
			return "", err
		}
		return r.finish(f, out, source)
	})
}

func (r *replacer) finish(f *frame, out *output, source string) (string, error) {
	switch {
	case out.overflow:
		return "", r.call.charge(f, maxText+1)
	case !out.changed:
		return source, nil
	}
	out.write(out.text[out.done:])
	if out.overflow {
		return "", r.call.charge(f, maxText+1)
	}
	return out.built.String(), nil
}

// captures returns what the group captured in a match, in the order of the text.
func captures(match *regexp2.Match, name string) []regexp2.Capture {
	group := match.GroupByName(name)
	if group == nil {
		return nil
	}
	spans := slices.Clone(group.Captures)
	slices.SortFunc(spans, func(a, b regexp2.Capture) int { return a.Index - b.Index })
	return spans
}

// evalEmptySource returns the source or, when that has no value, the group found
// in the other attribute; null when the pattern does not match there.
func (r *replacer) evalEmptySource(f *frame) (attr.Value, error) {
	c := r.call
	source, err := c.value(f, replaceSource)
	if err != nil || !source.IsEmpty() {
		return source, err
	}
	pattern, group, err := r.prepare(f)
	if err != nil {
		return attr.Value{}, err
	}
	other, err := c.single(f, replaceAttribute)
	if err != nil {
		return attr.Value{}, err
	}
	if name, ok := c.literal(replaceAttribute); ok {
		other = f.Source.Get(name)
	}
	if other.IsEmpty() {
		return attr.Value{}, nil
	}
	text, err := c.textOf(f, other)
	if err != nil {
		return attr.Value{}, err
	}
	found := attr.Value{}
	err = r.each(f, pattern, []rune(text), func(match *regexp2.Match) bool {
		if g := match.GroupByName(group); g != nil && len(g.Captures) > 0 {
			found = attr.Text(g.String())
		}
		return false
	})
	return found, err
}

// each calls use for every match until it returns false, within the time that
// the evaluation has for patterns.
func (r *replacer) each(f *frame, pattern *pattern, text []rune, use func(*regexp2.Match) bool) error {
	if len(text) > maxRegexText {
		return r.call.fail("the text is longer than the %d characters that a pattern is matched against", maxRegexText)
	}
	chosen := pattern.choose(len(text))
	var match *regexp2.Match
	for first := true; first || match != nil; first = false {
		started := time.Now()
		next, err := nextMatch(chosen, text, match)
		f.regexTime -= time.Since(started)
		switch {
		case err != nil && strings.Contains(err.Error(), "timeout"), f.regexTime < 0:
			return r.call.fail("matching the pattern takes too long: it backtracks too much on this text")
		case err != nil:
			return r.call.fail("%v", err)
		}
		if match = next; match == nil || !use(match) {
			return nil
		}
	}
	return nil
}

func nextMatch(pattern *regexp2.Regexp, text []rune, last *regexp2.Match) (match *regexp2.Match, err error) {
	defer recoverPattern(&err)
	if last == nil {
		return pattern.FindRunesMatch(text)
	}
	return pattern.FindNextMatch(last)
}

// output is a text under replacement: what was built so far and how far into the
// original that is.
type output struct {
	text     []rune
	built    strings.Builder
	done     int
	changed  bool
	overflow bool
}

func (o *output) write(runes []rune) {
	for _, r := range runes {
		o.built.WriteRune(r)
	}
	o.overflow = o.overflow || o.built.Len() > maxText
}

// replace puts the parts in place of the span. It returns false when the outcome
// has become too long.
func (o *output) replace(index, length int, match *regexp2.Match, parts []templatePart) bool {
	if index < o.done {
		return true // overlaps what was replaced already
	}
	o.changed = true
	o.write(o.text[o.done:index])
	for _, part := range parts {
		if part.runes == nil {
			o.built.WriteString(part.text)
		} else {
			o.write(part.runes(o.text, match))
		}
		if o.overflow = o.overflow || o.built.Len() > maxText; o.overflow {
			return false
		}
	}
	o.done = index + length
	return true
}

// templatePart is a piece of a .NET replacement pattern: plain text, or a
// function that picks something of the match.
type templatePart struct {
	text  string
	runes func(text []rune, match *regexp2.Match) []rune
}

var errNoGroup = errors.New("no such group")

// parseTemplate reads a .NET replacement pattern: $1, ${name}, $$, $&, $`, $', $+
// and $_. What is none of these stands for itself.
func parseTemplate(template string, pattern *regexp2.Regexp) []templatePart {
	var parts []templatePart
	plain := ""
	for template != "" {
		dollar := strings.IndexByte(template, '$')
		if dollar < 0 || dollar == len(template)-1 {
			break
		}
		part, size, err := substitution(template[dollar:], pattern)
		plain += template[:dollar]
		if err != nil {
			plain += "$"
			template = template[dollar+1:]
			continue
		}
		if part.runes == nil {
			plain += part.text
		} else {
			parts = append(parts, templatePart{text: plain}, part)
			plain = ""
		}
		template = template[dollar+size:]
	}
	return append(parts, templatePart{text: plain + template})
}

// substitution reads the substitution that the text starts with and returns it
// with its length in bytes.
func substitution(text string, pattern *regexp2.Regexp) (templatePart, int, error) {
	switch text[1] {
	case '$':
		return templatePart{text: "$"}, 2, nil
	case '&':
		return templatePart{runes: func(_ []rune, m *regexp2.Match) []rune { return m.Runes() }}, 2, nil
	case '`':
		return templatePart{runes: func(all []rune, m *regexp2.Match) []rune { return all[:m.Index] }}, 2, nil
	case '\'':
		return templatePart{runes: func(all []rune, m *regexp2.Match) []rune { return all[m.Index+m.Length:] }}, 2, nil
	case '_':
		return templatePart{runes: func(all []rune, _ *regexp2.Match) []rune { return all }}, 2, nil
	case '+':
		numbers := pattern.GetGroupNumbers()
		return groupPart(numbers[len(numbers)-1]), 2, nil
	case '{':
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return templatePart{}, 0, errNoGroup
		}
		number := pattern.GroupNumberFromName(text[2:end])
		if number < 0 {
			return templatePart{}, 0, errNoGroup
		}
		return groupPart(number), end + 1, nil
	}
	return numberedGroup(text, pattern)
}

// numberedGroup reads $12: the longest number that is a group counts.
func numberedGroup(text string, pattern *regexp2.Regexp) (templatePart, int, error) {
	end := 1
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	for ; end > 1; end-- {
		number, err := strconv.Atoi(text[1:end])
		if err == nil && slices.Contains(pattern.GetGroupNumbers(), number) {
			return groupPart(number), end, nil
		}
	}
	return templatePart{}, 0, errNoGroup
}

func groupPart(number int) templatePart {
	return templatePart{runes: func(_ []rune, m *regexp2.Match) []rune {
		group := m.GroupByNumber(number)
		if group == nil || len(group.Captures) == 0 {
			return nil
		}
		return group.Runes()
	}}
}
