def clear(*_, **__):
    pass


def eval_js(*_, **__):
    return None


def enable_custom_widget_manager():
    pass


def disable_custom_widget_manager():
    pass
