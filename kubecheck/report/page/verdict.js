// The page says everything without this; it only adds buttons that copy and that open everything.
"use strict";
for (const code of document.querySelectorAll("code.command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy: " + code.textContent);
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Where a page from a file may not use the clipboard, the selected text can be copied by hand.
      getSelection().selectAllChildren(code);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  code.after(button);
}
const reveal = () => {
  const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let box = there; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
  if (there) there.scrollIntoView();
};
addEventListener("hashchange", reveal);
for (const link of document.querySelectorAll(".pair a")) {
  link.addEventListener("click", () => link.closest("[popover]").hidePopover());
}
if (location.hash) reveal();
