// Package browser tries the web portal as people use it: a real Chromium, the real
// binary and a simulated Salesforce org. It checks each page that it comes to with
// axe-core, tries the portal without scripts, and takes the screenshots of the
// documents. It is a module of its own because the protocol of the browser takes long
// to compile; .ci/run runs it, and "make browser". It holds no test of what single
// pages show: those are in the folders of the portal.
package browser
