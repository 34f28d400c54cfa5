// Web workers are refused to pages that are opened as files. The search of the theme is one; there it runs in a hidden
// frame instead, which may load the same script. The theme asks for nothing more than messages both ways.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      this.ready = new Promise(resolve => {
        frame.onload = () => {
          const inside = frame.contentWindow
          const script = inside.document.createElement("script")
          // What the worker posts is for us: its own window would get it otherwise.
          inside.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
          script.onload = () => resolve(inside)
          script.onerror = () => this.dispatchEvent(new Event("error"))
          script.src = url
          inside.document.head.append(script)
        }
      })
      document.body.append(frame)
    }

    postMessage(data) {
      this.ready.then(inside => inside.dispatchEvent(new MessageEvent("message", { data })))
    }

    set onmessage(handle) { this.addEventListener("message", handle) }
    terminate() {}
  }
  window.Worker = window.IFrameWorker
}
