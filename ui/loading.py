"""What a view does once it is in the page: its own script is fetched, and started."""

ON_STAGE = """
element.querySelector(".stage-title").textContent = "The page could not be loaded completely";
element.querySelector(".stage-text").textContent = `Reload it; if that does not help: ${error.message}`;
"""
"""How a view with a stage says that its script did not come or did not start, because of `error`."""


def on_load(script: str, handed: str, failed: str = ON_STAGE) -> str:
    """For a gr.HTML's js_on_load: start `script` with what it is `handed`; run `failed` where that fails.

    A script that does not come, because the connection was cut off, is asked for once more by loading the page again.
    """
    reloaded = f"rqvae-reloaded-{script}"  # each has its own: one that never comes is not made up for by one that came
    return f"""
import(new URL("bench/{script}", document.baseURI))
  .then((page) => {{
    sessionStorage.removeItem("{reloaded}");
    return page.start({{ {handed} }});
  }}, (error) => {{
    if (sessionStorage.getItem("{reloaded}")) throw error;
    sessionStorage.setItem("{reloaded}", "once");
    setTimeout(() => location.reload(), 1000);
  }})
  .catch((error) => {{ {failed} }});
"""
