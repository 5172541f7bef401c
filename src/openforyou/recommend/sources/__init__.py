"""Where candidates come from. Each proposes ids, best first, among what the viewer may still be shown."""
