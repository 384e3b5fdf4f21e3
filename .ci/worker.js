"use strict";
// Browsers refuse workers to pages that were opened from disk. There, a hidden frame runs the worker's script instead,
// so that the search of the documentation works.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inside = frame.contentWindow;
      this.inside.postMessage = (data) => this.tell(data);
      const script = this.inside.document.createElement("script");
      script.src = new URL(url, location.href).href;
      script.onload = () => {
        this.ready = true;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      };
      script.onerror = (event) => this.dispatchEvent(new ErrorEvent("error", { error: event }));
      this.inside.document.body.append(script);
    }

    tell(data) { // from the script to the page
      setTimeout(() => { // later, as a worker's messages come
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        this.onmessage?.(event);
      });
    }

    postMessage(data) { // from the page to the script
      if (!this.ready) { this.waiting.push(data); return; }
      const copied = this.inside.structuredClone(data); // of the frame's own classes, as a worker would get it
      setTimeout(() => this.inside.dispatchEvent(new this.inside.MessageEvent("message", { data: copied })));
    }

    terminate() { this.inside.frameElement?.remove(); }
  };
}
