"""Parents found their children's videos on an app they had never heard of. Who would have a minor's data anyway."""
