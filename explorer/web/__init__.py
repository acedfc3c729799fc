"""The page: a Gradio shell around web components that decide in the browser."""
