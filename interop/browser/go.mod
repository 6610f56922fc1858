module github.com/usher-id/usher/interop/browser

go 1.26.0

require (
	github.com/chromedp/cdproto v0.160.1
	github.com/chromedp/chromedp v0.23.1
)

require github.com/golang-jwt/jwt/v5 v5.3.1 // indirect

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/usher-id/usher v0.0.0
)

replace github.com/usher-id/usher => ../..
