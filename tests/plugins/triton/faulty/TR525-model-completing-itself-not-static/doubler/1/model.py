class TritonPythonModel:
    def auto_complete_config(self, auto_complete_model_config):
        auto_complete_model_config.set_max_batch_size(0)
        return auto_complete_model_config

    def execute(self, requests):
        return []
